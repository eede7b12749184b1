mod sheets;

use rust_decimal::Decimal;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::{
    Catalogue, CatalogueTexts, CrossRegion, FactorBasis, MethodologyKind, PlatformKind, PublicationError,
    PublicationTerms,
};

fn shipped() -> Catalogue {
    Catalogue::shipped().unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn terms() -> PublicationTerms {
    PublicationTerms {
        in_force_from: Timestamp::from_micros(1_672_531_200_000_000),
        in_force_until: None,
        vintage_first: 2023,
        vintage_last: 2026,
    }
}

#[test]
fn the_shipped_files_have_the_documented_rows() {
    let catalogue = shipped();
    let of_kind = |kind| catalogue.methodologies().iter().filter(|one| one.kind == kind).count();
    assert_eq!(catalogue.methodologies().len(), 73);
    assert_eq!(catalogue.methodologies().iter().filter(|one| one.in_table2).count(), 59);
    assert_eq!(of_kind(MethodologyKind::Project), 37);
    assert_eq!(of_kind(MethodologyKind::Scenario), 33);
    assert_eq!(of_kind(MethodologyKind::ReferenceStandard), 3);
    assert!(catalogue.methodologies().iter().all(|one| one.title_zh_translated));

    let on_basis = |basis| catalogue.factors().iter().filter(|one| one.basis == basis).count();
    assert_eq!(catalogue.factors().len(), 43);
    assert_eq!(on_basis(FactorBasis::Stated), 6);
    assert_eq!(on_basis(FactorBasis::Parameter), 20);
    assert_eq!(on_basis(FactorBasis::Price), 3);
    assert_eq!(on_basis(FactorBasis::Derived), 14);

    let platforms = |kind| catalogue.platforms().iter().filter(|one| one.kind == kind).count();
    assert_eq!(catalogue.platforms().len(), 66);
    assert_eq!(catalogue.platforms().iter().filter(|one| one.in_table4).count(), 31);
    assert_eq!(platforms(PlatformKind::Municipal), 21);
    assert_eq!(platforms(PlatformKind::International), 12);

    assert_eq!(catalogue.cases().len(), 26);
    let crossing = catalogue
        .cases()
        .iter()
        .filter(|one| one.cross_region == CrossRegion::Yes);
    assert_eq!(crossing.count(), 5);

    assert_eq!(catalogue.candidates().len(), 140);
    assert_eq!(
        catalogue.candidates().iter().filter(|one| one.object.is_some()).count(),
        130
    );
    assert_eq!(catalogue.regions().len(), 34);
    assert_eq!(catalogue.plausibility().len(), 37);
}

#[test]
fn the_factors_of_wuhan_are_exact() {
    let catalogue = shipped();
    for (id, value) in [
        ("CN-4201-metro", "78.4"),
        ("CN-4201-ev-charging", "409.4"),
        ("CN-4201-residential-demand-response", "525"),
        ("CN-4201-nev-travel", "2.1"),
    ] {
        assert_eq!(catalogue.stated_factor(id).unwrap().value, decimal(value), "{id}");
    }
    let range = catalogue.stated_factor("CN-ORG-naas-ev-charging").unwrap();
    assert_eq!((range.value, range.value_max), (decimal("500"), Some(decimal("800"))));
    assert_eq!(catalogue.stated_factor("CN-31-metro"), None);
    assert_eq!(catalogue.factors_of("CN-4201-metro").count(), 4);
}

#[test]
fn what_is_found_by_region_activity_and_id() {
    let catalogue = shipped();
    let hubei = "420000".parse().unwrap();
    let ids: Vec<&str> = catalogue.methodologies_in(hubei).map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), 16);
    assert!(ids.contains(&"CN-42-inland-vessels") && ids.contains(&"CN-4201-metro"));
    let metro: Vec<&str> = catalogue
        .methodologies_of("rail-transit")
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(metro, ["CN-31-metro", "CN-4201-metro", "CN-61-metro"]);
    assert_eq!(catalogue.methodologies_of("distributed-pv").count(), 6);
    assert_eq!(catalogue.platform("PL-4201").unwrap().users, Some(1_920_000));
    assert_eq!(catalogue.platforms_in("420100".parse().unwrap()).count(), 2);
    assert_eq!(catalogue.case("wgc-2025").unwrap().quantity_t, Some(decimal("4544.76")));
    assert_eq!(
        catalogue.province_of("420106".parse().unwrap()).unwrap().name_zh,
        "湖北"
    );
    assert_eq!(catalogue.province_of("GH".parse().unwrap()), None);
}

#[test]
fn candidates_are_proposals() {
    let catalogue = shipped();
    let pair = catalogue
        .candidates()
        .iter()
        .find(|one| one.record_id == "cphmap:0001")
        .unwrap();
    assert_eq!(
        (pair.subject.as_str(), pair.object.as_deref()),
        ("CN-4201-metro", Some("CN-31-metro"))
    );
    assert_eq!(pair.predicate, crate::relation::Relation::Close);
    assert_eq!(pair.confidence, decimal("0.80"));
    assert_eq!(pair.missing_evidence.len(), 5);
    assert_eq!(catalogue.candidates().iter().filter(|one| one.negated).count(), 14);
    let with_factor: Vec<_> = catalogue
        .candidates()
        .iter()
        .filter(|one| one.factor_reverse.is_some())
        .collect();
    assert_eq!(with_factor.len(), 1);
    assert_eq!(with_factor[0].factor_reverse, Some(decimal("0.511750")));
    assert!(
        catalogue
            .candidates_of("CN-42-inland-vessels")
            .any(|one| one.object.is_none())
    );
}

#[test]
fn the_shipped_catalogue_has_one_oddity_and_it_is_the_known_one() {
    let findings: Vec<String> = shipped().lint().iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        ["EF-WH-NEVTRAVEL: implausible: 2.1 g/km, plausible are 20 to 300 g/km"]
    );
}

#[test]
fn odd_rows_are_reported_and_do_not_stop_loading() {
    let factors = CatalogueTexts::SHIPPED
        .factors
        .replace("g{CO2}/km{passenger}", "g{CO2}/km");
    let candidates = CatalogueTexts::SHIPPED
        .candidates
        .replace("cphm:CN-42-inland-vessels", "cphm:CN-42-no-such-thing")
        .replace("cphmap:0002\t", "cphmap:0001\t");
    let methodologies = CatalogueTexts::SHIPPED
        .methodologies
        .replacen("440000\tCN-GD", "840000\tCN-GD", 1)
        .replacen("640100\tCN-NX", "640100\tCN-QH", 1);
    let catalogue = Catalogue::read(&CatalogueTexts {
        factors: &factors,
        candidates: &candidates,
        methodologies: &methodologies,
        ..CatalogueTexts::SHIPPED
    })
    .unwrap();
    let findings: Vec<String> = catalogue.lint().iter().map(ToString::to_string).collect();
    for expected in [
        "cphmap:0001: duplicate id: an earlier row has this id",
        "CN-44-forestry-carbon-sink: unknown region: 840000",
        "CN-6401-distributed-pv: province: CN-QH, not CN-NX",
        "EF-WH-METRO: unit: g{CO2}/km, but CN-4201-metro counts pkm",
        "cphmap:0132: unknown methodology: CN-42-no-such-thing",
    ] {
        assert!(findings.iter().any(|one| one == expected), "{expected}\n{findings:#?}");
    }
}

/// Loads the shipped files with one replacement in the factors.
fn refusal(from: &str, to: &str) -> String {
    let text = CatalogueTexts::SHIPPED.factors.replacen(from, to, 1);
    assert_ne!(text, CatalogueTexts::SHIPPED.factors);
    let texts = CatalogueTexts {
        factors: &text,
        ..CatalogueTexts::SHIPPED
    };
    Catalogue::read(&texts).unwrap_err().to_string()
}

#[test]
fn a_bad_cell_is_refused_with_its_place() {
    assert_eq!(
        refusal("\t78.4\t", "\t78.4e1\t"),
        "emission_factors.tsv, line 2, column `value`: `78.4e1` is not a decimal number such as 78.4"
    );
    assert_eq!(
        refusal("EF-WH-EVCHARGE\tstated", "EF-WH-EVCHARGE\tguessed"),
        "emission_factors.tsv, line 3, column `basis`: `guessed` is not one of `stated` `parameter` `price` `derived`"
    );
    assert_eq!(
        refusal("EF-WH-METRO\t", "\t"),
        "emission_factors.tsv, line 2, column `id`: must not be empty"
    );
    assert_eq!(
        refusal("EF-WH-METRO\t", " EF-WH-METRO\t"),
        "emission_factors.tsv, line 2, column `id`: ` EF-WH-METRO` begins or ends with white space"
    );
    assert!(
        refusal("id\tbasis", "basis\tid").starts_with("emission_factors.tsv, line 1, column `*`: the columns must be")
    );
    assert!(refusal("EF-WH-METRO\tstated\t", "EF-WH-METRO\t").starts_with("emission_factors.tsv, line 2, column `*`"));
    assert!(refusal("\t420100\t", "\t42010\t").contains("line 2, column `region_code`"));
    let empty = CatalogueTexts {
        regions: "",
        ..CatalogueTexts::SHIPPED
    };
    assert_eq!(
        Catalogue::read(&empty).unwrap_err().to_string(),
        "province_grid.tsv, line 1, column `*`: there is no header"
    );
}

#[test]
fn lines_are_counted_with_the_comments_before_them() {
    let text = CatalogueTexts::SHIPPED.candidates.replacen("\t0.80\t", "\thigh\t", 1);
    let before = text.lines().position(|line| line.contains("\thigh\t")).unwrap();
    let texts = CatalogueTexts {
        candidates: &text,
        ..CatalogueTexts::SHIPPED
    };
    let error = Catalogue::read(&texts).unwrap_err();
    assert_eq!((error.line, error.column.as_str()), (before as u64 + 1, "confidence"));
}

#[test]
fn wuhans_metro_is_published_with_its_factor() {
    let publication = shipped().publication("CN-4201-metro", &terms()).unwrap();
    assert_eq!(publication.methodology.to_string(), "CN-4201-metro.v1");
    assert_eq!(publication.region.to_string(), "420100");
    assert_eq!(publication.activity_unit, "pkm");
    assert_eq!(publication.factor_g_per_unit.as_deref(), Some("78.4"));
    assert_eq!(publication.record_g_max.unwrap().get(), 7_840, "100 km");
    assert_eq!(
        publication.source,
        "White Paper on Carbon Inclusion Development 2025, Table 2; factor EF-WH-METRO, section 3.2"
    );
    assert!(
        publication.uses.contains(Use::EtsOffset),
        "surrender is reported in Hubei"
    );
    assert!(publication.uses.contains(Use::PersonalOffset));
    assert!(!publication.uses.contains(Use::Article6Ndc));
}

#[test]
fn the_other_stated_factors() {
    let catalogue = shipped();
    let charging = catalogue.publication("CN-4201-ev-charging", &terms()).unwrap();
    assert_eq!(charging.factor_g_per_unit.as_deref(), Some("409.4"));
    assert_eq!(charging.record_g_max.unwrap().get(), 61_410, "150 kWh");
    let saved = catalogue
        .publication("CN-4201-residential-demand-response", &terms())
        .unwrap();
    assert_eq!(saved.factor_g_per_unit.as_deref(), Some("525"));
    assert_eq!(saved.record_g_max.unwrap().get(), 262_500, "500 kWh");
}

#[test]
fn without_a_stated_factor_each_record_states_its_own_reduction() {
    let catalogue = shipped();
    let pv = catalogue.publication("CN-4201-distributed-pv", &terms()).unwrap();
    assert_eq!(pv.factor_g_per_unit, None);
    assert_eq!(
        pv.record_g_max.unwrap().get(),
        1_080_000_000,
        "a plant of 6 MW in a month"
    );
    let range = catalogue.publication("CN-ORG-naas-ev-charging", &terms()).unwrap();
    assert_eq!((range.factor_g_per_unit, range.region.as_str()), (None, "CN"));
    let shanghai = catalogue.publication("CN-31-metro", &terms()).unwrap();
    assert_eq!(shanghai.record_g_max.unwrap().get(), 25_000);
    assert!(
        !shanghai.uses.contains(Use::EtsOffset),
        "no surrender is reported in Shanghai"
    );
    let ghana = catalogue.publication("INT-ams-iii-f", &terms()).unwrap();
    assert!(ghana.uses.contains(Use::Article6Ndc));
}

#[test]
fn what_cannot_be_published_says_why() {
    let catalogue = shipped();
    let why = |id: &str| catalogue.publication(id, &terms()).unwrap_err();
    assert!(matches!(
        why("CN-4201-nev-travel"),
        PublicationError::Implausible { .. }
    ));
    assert!(matches!(
        why("CN-STD-acef-transport"),
        PublicationError::ReferenceStandard(_)
    ));
    assert!(matches!(why("CN-5101-tianfu-batch1"), PublicationError::NoUnit(_)));
    assert!(matches!(why("CN-51-panda-habitat"), PublicationError::Duplicate { .. }));
    assert!(matches!(why("CN-00-nothing"), PublicationError::Unknown(_)));
    let backwards = PublicationTerms {
        vintage_first: 2027,
        ..terms()
    };
    assert!(catalogue.publication("CN-31-metro", &backwards).is_err());
    let nev = catalogue.methodology("CN-4201-nev-travel").unwrap();
    assert_eq!(
        catalogue
            .publication_with(nev, None, &terms())
            .unwrap()
            .factor_g_per_unit,
        None
    );
    let metro_factor = catalogue.stated_factor("CN-4201-metro");
    assert!(catalogue.publication_with(nev, metro_factor, &terms()).is_err());
}

#[test]
fn everything_publishable_is_complete() {
    let catalogue = shipped();
    let mut published = 0;
    for one in catalogue.methodologies() {
        let Ok(publication) = catalogue.publication(&one.id, &terms()) else {
            continue;
        };
        published += 1;
        assert_ne!(publication.uses, Uses::NONE, "{}", one.id);
        let project = one.kind == MethodologyKind::Project;
        assert!(
            publication.record_g_max.is_some() || project,
            "{} has no plausible record",
            one.id
        );
        let text = serde_json::to_string(&publication).unwrap();
        assert_eq!(
            serde_json::from_str::<tanqiao_protocol::message::Methodology>(&text).unwrap(),
            publication
        );
    }
    // 73 without 3 standards, 5 batches, 1 duplicate and 1 implausible factor.
    assert_eq!(published, 63);
}
