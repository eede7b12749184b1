//! Who takes part: the seven members of the story, one more that is shut out in it, and with `--nodes all` every platform
//! of the catalogue.

use tanqiao_mappings::catalogue::{Catalogue, Platform, PlatformKind};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::MemberKind;

use crate::failure::{Doing as _, Outcome, unexpected};

/// The seven members of the story, by platform of the catalogue, in the order of their ports.
const STORY: [(&str, &str); 7] = [
    ("wuhan", "PL-4201"),
    ("chengdu", "PL-5101"),
    ("shanghai", "PL-31"),
    ("beijing", "PL-11"),
    ("guangzhou", "PL-4401"),
    ("harbin", "PL-2301"),
    ("naas", "PL-NAAS"),
];
/// The member that is shut out in the story. `federation.json` does not list it.
pub const SHUT_OUT: &str = "shenzhen";
const SHUT_OUT_PLATFORM: &str = "PL-4403";

/// ISO 3166-1 codes of platforms outside China whose row has no code of its own; `ZZ` is for no country.
const ABROAD: [(&str, &str); 8] = [
    ("Thailand", "TH"),
    ("Ghana", "GH"),
    ("Finland", "FI"),
    ("Republic of Korea", "KR"),
    ("Japan", "JP"),
    ("Singapore", "SG"),
    ("Abu Dhabi Global Market", "AE"),
    ("international", "ZZ"),
];

/// One member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id.
    pub id: NodeId,
    /// Its region; `CN` for a nationwide platform.
    pub region: RegionCode,
    /// Its kind.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
}

impl Member {
    /// Its id as text.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.as_str()
    }
}

/// The members: the story's seven first, then the one that is shut out, then the others.
///
/// # Errors
/// A platform that the catalogue does not have.
pub fn members(catalogue: &Catalogue, all: bool) -> Outcome<Vec<Member>> {
    let mut cast = Vec::new();
    let story = STORY.iter().copied().chain([(SHUT_OUT, SHUT_OUT_PLATFORM)]);
    for (id, platform) in story {
        let found = catalogue
            .platform(platform)
            .ok_or_else(|| unexpected("the catalogue's platforms", platform, "none"))?;
        cast.push(member(id, found)?);
    }
    if all {
        let taken: Vec<&str> = STORY
            .iter()
            .map(|(_, platform)| *platform)
            .chain([SHUT_OUT_PLATFORM])
            .collect();
        for platform in catalogue.platforms().iter().filter(|p| !taken.contains(&p.id.as_str())) {
            cast.push(member(&platform.id.to_lowercase(), platform)?);
        }
    }
    Ok(cast)
}

fn member(id: &str, platform: &Platform) -> Outcome<Member> {
    let abroad = ABROAD
        .iter()
        .find(|(name, _)| *name == platform.region_name)
        .map_or("CN", |(_, code)| code);
    let region = match platform.region {
        Some(region) => region,
        None => abroad.parse().doing("reading a region")?,
    };
    let enterprise = matches!(
        platform.kind,
        PlatformKind::Enterprise | PlatformKind::Exchange | PlatformKind::Registry
    );
    Ok(Member {
        id: id.parse().doing("reading a member id")?,
        region,
        kind: if enterprise {
            MemberKind::Enterprise
        } else {
            MemberKind::Region
        },
        name_zh: platform.name_zh.clone().unwrap_or_else(|| platform.name.clone()),
        name_en: format!("{}, {}", platform.name, platform.region_name),
    })
}

/// True for the seven members that `federation.json` lists besides those of `--nodes all`.
#[must_use]
pub fn in_good_standing(member: &Member) -> bool {
    member.name() != SHUT_OUT
}
