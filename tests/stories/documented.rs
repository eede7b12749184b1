//! The commands in the operators' page are commands of the programs.

use std::collections::BTreeSet;
use std::path::Path;

use tanqiao_tests::program::path_of;

/// The programs whose commands the page shows.
const PROGRAMS: [&str; 3] = ["tanqiao-hub", "tanqiao-node", "tanqiao-certs"];

/// The lines of all shell blocks of a page that call one of the programs, with continued lines made one.
fn commands(page: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut in_shell = false;
    for line in page.replace("\\\n", " ").lines().map(str::trim) {
        if line.starts_with("```") {
            in_shell = line == "```sh";
            continue;
        }
        // What other programs do with one of ours (`runuser -u … -- tanqiao-hub …`) counts from its name on.
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let starts = |at: usize| at == 0 || words[at - 1] == "--";
        let own = (0..words.len()).find(|at| starts(*at) && PROGRAMS.contains(&words[*at].as_str()));
        if let Some(own) = own.filter(|_| in_shell && !line.starts_with('#')) {
            let words = words.into_iter().skip(own).take_while(|word| word != "#");
            found.push(words.collect());
        }
    }
    found
}

/// The words that may name a command: those before its first option, and after the options of the program itself.
fn named(command: &[String]) -> Vec<&str> {
    let mut words = command.iter().skip(1).map(String::as_str).peekable();
    while words.next_if(|word| word.starts_with("--")).is_some() {
        words.next();
    }
    words.take_while(|word| !word.starts_with('-')).collect()
}

/// What `--help` says of a command. Words at its end may be arguments, but only where the command before them has no commands
/// of its own.
fn help(command: &[String]) -> String {
    let words = named(command);
    for arguments in 0..=words.len() {
        let words = &words[..words.len() - arguments];
        let output = std::process::Command::new(path_of(&command[0]))
            .args(words)
            .arg("--help")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        if output.status.success() {
            let group = text.contains("\nCommands:\n");
            assert!(!group, "`{}` is no command:\n{text}", command.join(" "));
            return text;
        }
    }
    panic!("`{}` has no help", command.join(" "));
}

#[test]
fn every_command_of_the_operators_page_exists_with_its_options() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let commands = commands(&page);
    let named: BTreeSet<&str> = commands.iter().map(|command| command[0].as_str()).collect();
    assert_eq!(named.len(), PROGRAMS.len(), "{named:?}");
    for command in &commands {
        let help = help(command);
        let options: BTreeSet<&str> = help
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| word.starts_with("--"))
            .collect();
        for option in command.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(
                options.contains(option.as_str()),
                "`{}` has no option {option}:\n{help}",
                command.join(" ")
            );
        }
    }
}
