//! The foot of the page: the code, how to verify, and room for a seal.

use tanqiao_console::Language;

use crate::error::CertificateError;
use crate::font::Face;
use crate::page::{LEFT, Medium, ROOM};
use crate::paper::Paper;
use crate::sheet::{Align, Area, Colour, Mark, Sheet};
use crate::text::{Letter, Milli, letters, lines};
use crate::wording;

/// Where the foot begins.
pub const TOP: Milli = 680_000;
/// Where it ends.
const BOTTOM: Milli = 810_000;
/// A module of the code: 0.5 mm.
const MODULE: Milli = 1_417;
const SEAL_WIDTH: Milli = 84_000;
const GAP: Milli = 12_000;
/// Sizes of the letters that are tried, for addresses of any length.
const SIZES: [Milli; 4] = [7_400, 6_800, 6_200, 5_600];
const INDENT: Milli = 10_000;

/// Draws the foot.
pub fn draw(sheet: &mut Sheet, paper: &Paper<'_>, language: Language, medium: Medium) -> Result<(), CertificateError> {
    sheet.fill(
        Area {
            x: LEFT,
            y: TOP,
            width: ROOM,
            height: 500,
        },
        Colour::LINE,
    );
    let side = code(sheet, paper);
    seal(sheet, language)?;
    let left = LEFT + side + GAP;
    let room = ROOM - side - SEAL_WIDTH - 2 * GAP;
    let mut y = TOP + 15_000;
    let heading = letters(wording::VERIFY.say(language), Face::Bold, 9_500)?;
    sheet.line(&heading, (left, room), y, Align::Left, Colour::MAIN);
    y += 13_000;
    let items = items(paper, language, medium);
    for size in SIZES {
        let (leading, set) = (size * 139 / 100, set(&items, size, room - INDENT)?);
        let count = set.iter().map(Vec::len).sum::<usize>();
        if Milli::try_from(count).unwrap_or(Milli::MAX).saturating_mul(leading) > BOTTOM - y {
            continue;
        }
        for (number, item) in (1..).zip(&set) {
            let mark = letters(&format!("{number}."), Face::Regular, size)?;
            sheet.line(&mark, (left, INDENT), y, Align::Left, Colour::QUIET);
            for line in item {
                sheet.line(line, (left + INDENT, room - INDENT), y, Align::Left, Colour::TEXT);
                y += leading;
            }
        }
        return Ok(());
    }
    Err(CertificateError::Fault(
        "the public address is too long for a page".to_owned(),
    ))
}

/// The items in lines.
fn set(items: &[String], size: Milli, room: Milli) -> Result<Vec<Vec<Vec<Letter>>>, CertificateError> {
    let one = |item: &String| Ok(lines(&letters(item, Face::Regular, size)?, room));
    items.iter().map(one).collect()
}

/// The code; how wide it is, with its quiet zone.
fn code(sheet: &mut Sheet, paper: &Paper<'_>) -> Milli {
    let milli = |modules: u32| Milli::try_from(modules).unwrap_or(0) * MODULE;
    let (left, top) = (LEFT, TOP + 8_000);
    let areas = paper.code.runs().into_iter().map(|run| Area {
        x: left + milli(run.x),
        y: top + milli(run.y),
        width: milli(run.length),
        height: MODULE,
    });
    sheet.marks.push(Mark::Filled(areas.collect(), Colour::BLACK));
    milli(paper.code.side())
}

fn seal(sheet: &mut Sheet, language: Language) -> Result<(), CertificateError> {
    let x = LEFT + ROOM - SEAL_WIDTH;
    let area = Area {
        x,
        y: TOP + 12_000,
        width: SEAL_WIDTH,
        height: SEAL_WIDTH,
    };
    sheet.frame(area, 500, Colour::LINE);
    let label = letters(wording::SEAL.say(language), Face::Regular, 6_500)?;
    sheet.line(
        &label,
        (x, SEAL_WIDTH),
        area.y + SEAL_WIDTH + 10_000,
        Align::Centre,
        Colour::QUIET,
    );
    Ok(())
}

fn items(paper: &Paper<'_>, language: Language, medium: Medium) -> [String; 4] {
    let (base, id) = (paper.verify_at(), paper.certificate.certificate);
    match (language, medium) {
        (Language::Chinese, Medium::Pdf) => [
            format!("扫描二维码，或打开 {base}/verify 并输入证书编号。页面所示须与本证书逐项一致；它会指出纸面的叶哈希与日志是否相符。"),
            "无须信任枢纽：本 PDF 附有证明。离线运行 tanqiao-verify certificate 本文件.pdf --policy 策略 --zh，并将其所列与纸面比对。".to_owned(),
            "策略载有日志与见证方的公钥，请从可信渠道取得，不要只用枢纽提供的。".to_owned(),
            "本证书证实所列序列号已为所列声明注销并记入透明日志；不证实减排活动本身真实，也不证实时间准确。".to_owned(),
        ],
        (Language::Chinese, Medium::Svg) => [
            format!("扫描二维码，或打开 {base}/verify 并输入证书编号。页面所示须与本证书逐项一致；它会指出纸面的叶哈希与日志是否相符。"),
            format!("无须信任枢纽：下载 {base}/v1/public/certificates/{id}，离线运行 tanqiao-verify certificate 该文件 --policy 策略 --zh，并将其所列与纸面比对。"),
            "策略载有日志与见证方的公钥，请从可信渠道取得，不要只用枢纽提供的。".to_owned(),
            "本证书证实所列序列号已为所列声明注销并记入透明日志；不证实减排活动本身真实，也不证实时间准确。".to_owned(),
        ],
        (Language::English, Medium::Pdf) => [
            format!("Scan the code, or open {base}/verify and enter the certificate's number. The page must say what stands here, and tells whether the printed leaf hash is the log's."),
            "Without trusting the hub: the proof is attached to this PDF. Run tanqiao-verify certificate FILE.pdf --policy POLICY offline, and compare what it lists with this page.".to_owned(),
            "The policy has the keys of log and witnesses: take it from somebody whom you trust, not from the hub alone.".to_owned(),
            "This proves that the serials were retired for this claim and are in the log. It does not prove that the reduction is real, or that times are right.".to_owned(),
        ],
        (Language::English, Medium::Svg) => [
            format!("Scan the code, or open {base}/verify and enter the certificate's number. The page must say what stands here, and tells whether the printed leaf hash is the log's."),
            format!("Without trusting the hub: download {base}/v1/public/certificates/{id}, run tanqiao-verify certificate FILE --policy POLICY offline, and compare what it lists with this page."),
            "The policy has the keys of log and witnesses: take it from somebody whom you trust, not from the hub alone.".to_owned(),
            "This proves that the serials were retired for this claim and are in the log. It does not prove that the reduction is real, or that times are right.".to_owned(),
        ],
    }
}
