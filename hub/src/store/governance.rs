//! Governance in the store: read whole, written by difference.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::sql_types::{BigInt, Text};
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus};

use super::connection::StoreConnection;
use super::convert::{content, json, parse};
use super::database::StoreError;
use super::numbers::Numbers;
use super::row::row;
use super::rows::{
    FactorRecordRow, HeadRow, MappingRow, MemberKeyRow, MemberRow, MethodologyRow, OfficerRow, PolicyRow, RegistryRow,
    SheetRow, TokenEpochRow,
};
use super::statement::Statement;
use crate::ledger::objects::{
    EpochStanding, Governance, Key, MappingVersion, Member, Officer, Published, PublishedData, Role, SheetVersion,
    mapping_set,
};

row!(FirstRow in "sheet", key "reference", { reference: Text => String, log_index: BigInt => i64 });

fn all(table: &'static str) -> Statement<'static> {
    Statement::new(format!("SELECT * FROM {table}"))
}

fn known<T>(found: Option<T>, code: i16) -> Result<T, StoreError> {
    found.ok_or_else(|| content(format!("unknown kind or status {code}")))
}

/// Reads governance at `version`, and learns the numbers of members and mappings.
pub fn load<C: StoreConnection>(
    connection: &mut C,
    version: i64,
    numbers: &mut Numbers,
) -> Result<Governance, StoreError> {
    let mut governance = Governance {
        version,
        ..Governance::default()
    };
    for row in connection.select::<MemberRow>(all("member"))? {
        let id: tanqiao_protocol::id::NodeId = row.id.parse().map_err(content)?;
        numbers.members.learn(id.clone(), row.no);
        let member = Member {
            region: row.region.parse().map_err(content)?,
            kind: known(MemberKind::from_code(row.kind), row.kind)?,
            status: known(MemberStatus::from_code(row.status), row.status)?,
            name_zh: row.name_zh,
            name_en: row.name_en,
        };
        governance.members.insert(id, member);
    }
    for row in connection.select::<MemberKeyRow>(all("member_key"))? {
        let key = Key {
            member: numbers.members.name(row.member_no)?.clone(),
            key: row.public_key.parse().map_err(content)?,
            status: known(KeyStatus::from_code(row.status), row.status)?,
            first_index: row.first_index,
            last_index: row.last_index,
            distrusted_from: row.distrusted_from,
        };
        governance.keys.insert(row.key_id.parse().map_err(content)?, key);
    }
    for row in connection.select::<MethodologyRow>(all("methodology"))? {
        let published = Published {
            publisher: numbers.members.name(row.publisher_no)?.clone(),
            content: parse(&row.content)?,
            log_index: row.log_index,
        };
        governance
            .methodologies
            .insert(published.content.methodology.clone(), published);
    }
    for row in connection.select::<OfficerRow>(all("officer"))? {
        let officer = Officer {
            role: known(Role::from_code(row.role), row.role)?,
            password_hash: row.password_hash,
            active: row.active,
        };
        governance
            .officers
            .insert(row.account.parse().map_err(content)?, officer);
    }
    for row in connection.select::<TokenEpochRow>(all("token_epoch"))? {
        let standing: EpochStanding = parse(&row.content)?;
        governance.token_epochs.insert(standing.keys.epoch, standing);
    }
    for row in connection.select::<PolicyRow>(all("policy"))? {
        governance.policy = parse(&row.content)?;
    }
    load_mappings(connection, &mut governance, numbers)?;
    load_evidence(connection, &mut governance, numbers)?;
    governance.log = super::log_rules::load(connection)?;
    governance.contradictions = super::findings::load_open(connection)?;
    Ok(governance)
}

fn load_mappings<C: StoreConnection>(
    connection: &mut C,
    governance: &mut Governance,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    for row in connection.select::<MappingRow>(all("mapping"))? {
        let mapping: MappingRef = row.reference.parse().map_err(content)?;
        let version = MappingVersion {
            state: known(MappingState::from_code(row.status), row.status)?,
            content: parse(&row.content)?,
            log_index: row.log_index,
        };
        numbers.mappings.learn(mapping.clone(), row.no);
        governance.mapping_versions.insert(mapping, version);
    }
    governance.mappings = mapping_set(&governance.mapping_versions);
    Ok(())
}

/// What mappings rest on.
fn load_evidence<C: StoreConnection>(
    connection: &mut C,
    governance: &mut Governance,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let latest =
        "SELECT * FROM sheet s WHERE revision = (SELECT max(revision) FROM sheet o WHERE o.reference = s.reference)";
    for row in connection.select::<SheetRow>(Statement::new(latest))? {
        let sheet: Arc<Sheet> = parse(&row.content)?;
        governance
            .sheets
            .insert(sheet.methodology.clone(), sheet_version(row, sheet, numbers)?);
    }
    let first = "SELECT reference, log_index FROM sheet WHERE revision = 1 AND publisher_no IS NULL";
    for row in connection.select::<FirstRow>(Statement::new(first))? {
        governance
            .references
            .insert(row.reference.parse().map_err(content)?, row.log_index);
    }
    for row in connection.select::<FactorRecordRow>(all("factor_record"))? {
        governance
            .factor_records
            .insert(row.id.parse().map_err(content)?, parse(&row.content)?);
    }
    governance.published = PublishedData::with(&governance.factor_records);
    for row in connection.select::<RegistryRow>(all("registry"))? {
        let member = numbers.members.name(row.member_no)?.clone();
        governance.registries.insert(member, parse(&row.content)?);
    }
    Ok(())
}

/// A sheet as it was published.
pub(super) fn sheet_version(row: SheetRow, sheet: Arc<Sheet>, numbers: &Numbers) -> Result<SheetVersion, StoreError> {
    let publisher = row
        .publisher_no
        .map(|no| numbers.members.name(no).cloned())
        .transpose()?;
    Ok(SheetVersion {
        publisher,
        revision: u32::try_from(row.revision).map_err(content)?,
        sheet,
        sha256: super::convert::sha256(&row.sha256)?,
        at: Timestamp::from_micros(row.published_at),
        log_index: row.log_index,
    })
}

fn changed<'a, K: Ord, V: PartialEq>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    after.iter().filter(|(key, value)| before.get(*key) != Some(*value))
}

/// Writes what differs, and `sheets`, numbering what is new from the counters in the head.
pub fn save<C: StoreConnection>(
    connection: &mut C,
    before: &Governance,
    after: &Governance,
    sheets: &[SheetVersion],
    numbers: &mut Numbers,
    head: &mut HeadRow,
) -> Result<(), StoreError> {
    let mut members = Vec::new();
    for (id, member) in changed(&before.members, &after.members) {
        let no = numbers.members.find(id).unwrap_or_else(|| {
            head.member_count += 1;
            head.member_count
        });
        numbers.members.learn(id.clone(), no);
        members.push(MemberRow {
            no,
            id: id.to_string(),
            region: member.region.to_string(),
            kind: member.kind.code(),
            status: member.status.code(),
            name_zh: member.name_zh.clone(),
            name_en: member.name_en.clone(),
        });
    }
    connection.put_rows(&members)?;
    let mut keys = Vec::new();
    for (id, key) in changed(&before.keys, &after.keys) {
        keys.push(MemberKeyRow {
            key_id: id.to_string(),
            member_no: numbers.members.number(&key.member)?,
            public_key: key.key.to_string(),
            status: key.status.code(),
            first_index: key.first_index,
            last_index: key.last_index,
            distrusted_from: key.distrusted_from,
        });
    }
    connection.put_rows(&keys)?;
    save_rules(connection, before, after, sheets, numbers, head)
}

fn save_rules<C: StoreConnection>(
    connection: &mut C,
    before: &Governance,
    after: &Governance,
    sheets: &[SheetVersion],
    numbers: &mut Numbers,
    head: &mut HeadRow,
) -> Result<(), StoreError> {
    let mut methodologies = Vec::new();
    for (reference, published) in changed(&before.methodologies, &after.methodologies) {
        methodologies.push(MethodologyRow {
            reference: reference.to_string(),
            publisher_no: numbers.members.number(&published.publisher)?,
            content: json(&published.content)?,
            log_index: published.log_index,
        });
    }
    connection.put_rows(&methodologies)?;
    save_mappings(connection, before, after, numbers, head)?;
    save_evidence(connection, before, after, sheets, numbers)?;
    let officers: Vec<OfficerRow> = changed(&before.officers, &after.officers)
        .map(|(account, officer)| OfficerRow {
            account: account.to_string(),
            role: officer.role.code(),
            password_hash: officer.password_hash.clone(),
            active: officer.active,
        })
        .collect();
    connection.put_rows(&officers)?;
    super::log_rules::save(connection, &before.log, &after.log, numbers)?;
    super::findings::save(connection, changed(&before.contradictions, &after.contradictions))?;
    if before.policy != after.policy {
        connection.put_rows(&[PolicyRow {
            id: 1,
            content: json(&after.policy)?,
        }])?;
    }
    Ok(())
}

fn save_mappings<C: StoreConnection>(
    connection: &mut C,
    before: &Governance,
    after: &Governance,
    numbers: &mut Numbers,
    head: &mut HeadRow,
) -> Result<(), StoreError> {
    let mut mappings = Vec::new();
    for (reference, version) in changed(&before.mapping_versions, &after.mapping_versions) {
        let no = numbers.mappings.find(reference).unwrap_or_else(|| {
            head.mapping_count += 1;
            head.mapping_count
        });
        numbers.mappings.learn(reference.clone(), no);
        mappings.push(MappingRow {
            no,
            reference: reference.to_string(),
            status: version.state.code(),
            content: json(&version.content)?,
            log_index: version.log_index,
        });
    }
    Ok(connection.put_rows(&mappings)?)
}

fn save_evidence<C: StoreConnection>(
    connection: &mut C,
    before: &Governance,
    after: &Governance,
    published: &[SheetVersion],
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mut sheets = Vec::new();
    for version in published {
        let publisher_no = version.publisher.as_ref().map(|member| numbers.members.number(member));
        sheets.push(SheetRow {
            reference: version.sheet.methodology.to_string(),
            revision: i32::try_from(version.revision).map_err(content)?,
            publisher_no: publisher_no.transpose()?,
            content: json(&version.sheet)?,
            sha256: version.sha256.0.to_vec(),
            published_at: version.at.micros(),
            log_index: version.log_index,
        });
    }
    connection.put_rows(&sheets)?;
    let mut records = Vec::new();
    for (id, record) in changed(&before.factor_records, &after.factor_records) {
        records.push(FactorRecordRow {
            id: id.to_string(),
            content: json(record)?,
        });
    }
    connection.put_rows(&records)?;
    let mut registries = Vec::new();
    for (member, registry) in changed(&before.registries, &after.registries) {
        registries.push(RegistryRow {
            member_no: numbers.members.number(member)?,
            content: json(registry)?,
        });
    }
    connection.put_rows(&registries)?;
    let mut epochs = Vec::new();
    for (epoch, standing) in changed(&before.token_epochs, &after.token_epochs) {
        epochs.push(TokenEpochRow {
            epoch: i32::from(epoch.number()),
            content: json(standing)?,
        });
    }
    Ok(connection.put_rows(&epochs)?)
}
