//! The tables of `infra/tables.yaml`, made in the local database as they are deployed.

use super::template::{Resource, Template, TemplateError, unsupported};
use dynoxide::{
    Database, DynoxideError,
    actions::{
        create_table::CreateTableRequest,
        update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest},
    },
};
use serde_json::{Map, Value};

const TEMPLATE: &str = include_str!("../../../tables.yaml");

/// Properties that `CreateTable` takes as they are.
const TAKEN: [&str; 6] = ["AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "StreamSpecification", "TableName"];

/// Properties that make no difference on one machine.
const WITHOUT_EFFECT: [&str; 6] = [
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "TableClass",
    "Tags",
];

/// A table that the template declares.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredTable {
    /// Its name for the stage `local`, such as `shop-local-orders`.
    pub name: String,
    /// Whether its changes can be read as a stream.
    pub has_stream: bool,
    definition: Value,
    ttl_attribute: Option<String>,
}

/// Why the tables could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The template has something that this reader doesn't know.
    #[error("infra/tables.yaml: {0}")]
    Template(#[from] TemplateError),
    /// The definition is not what `CreateTable` takes.
    #[error("infra/tables.yaml: {table}: {refusal}")]
    Definition {
        /// The table's name.
        table: String,
        /// What is wrong with it.
        refusal: serde_json::Error,
    },
    /// The database refuses.
    #[error("the table {table}: {refusal}")]
    Database {
        /// The table's name.
        table: String,
        /// What it says.
        refusal: DynoxideError,
    },
}

/// Makes every table of `infra/tables.yaml` that is not there yet and returns them all.
pub fn create(database: &Database) -> Result<Vec<DeclaredTable>, TablesError> {
    let tables = declared()?;
    for table in &tables {
        table.create_in(database)?;
    }
    Ok(tables)
}

/// The tables of `infra/tables.yaml`, in its order.
pub fn declared() -> Result<Vec<DeclaredTable>, TablesError> {
    declared_in(TEMPLATE)
}

fn declared_in(yaml: &str) -> Result<Vec<DeclaredTable>, TablesError> {
    let resources = Template::parse(yaml)?.resources("AWS::DynamoDB::Table", &[])?;
    Ok(resources.into_iter().map(DeclaredTable::read).collect::<Result<_, _>>()?)
}

impl DeclaredTable {
    fn read(resource: Resource) -> Result<Self, TemplateError> {
        let Some(name) = resource.properties.get("TableName").and_then(Value::as_str).map(str::to_owned) else {
            return Err(unsupported(&resource.id, "a table without a name"));
        };
        let mut definition = Map::new();
        let mut ttl_attribute = None;
        for (property, mut value) in resource.properties {
            let place = format!("{}.{property}", resource.id);
            match property.as_str() {
                "TimeToLiveSpecification" => ttl_attribute = read_ttl(&place, &value)?,
                known if WITHOUT_EFFECT.contains(&known) => {}
                known if TAKEN.contains(&known) => {
                    if known == "StreamSpecification" {
                        // In a template a stream is on by being there; the API wants it said.
                        value["StreamEnabled"] = true.into();
                    }
                    definition.insert(property, value);
                }
                unknown => return Err(unsupported(&resource.id, unknown)),
            }
        }
        let has_stream = definition.contains_key("StreamSpecification");
        Ok(Self { name, has_stream, definition: definition.into(), ttl_attribute })
    }

    fn create_in(&self, database: &Database) -> Result<(), TablesError> {
        let refused = |refusal| TablesError::Database { table: self.name.clone(), refusal };
        if database.get_table_metadata(&self.name).map_err(refused)?.is_some() {
            return Ok(());
        }
        let request: CreateTableRequest = serde_json::from_value(self.definition.clone())
            .map_err(|refusal| TablesError::Definition { table: self.name.clone(), refusal })?;
        database.create_table(request).map_err(refused)?;
        if let Some(attribute_name) = self.ttl_attribute.clone() {
            let time_to_live_specification = TimeToLiveSpecification { attribute_name, enabled: true };
            let request = UpdateTimeToLiveRequest { table_name: self.name.clone(), time_to_live_specification };
            database.update_time_to_live(request).map_err(refused)?;
        }
        Ok(())
    }
}

fn read_ttl(place: &str, specification: &Value) -> Result<Option<String>, TemplateError> {
    match (&specification["AttributeName"], &specification["Enabled"]) {
        (Value::String(attribute), Value::Bool(true)) => Ok(Some(attribute.clone())),
        (_, Value::Bool(false)) => Ok(None),
        _ => Err(unsupported(place, &specification.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynoxide::actions::describe_table::DescribeTableRequest;

    const ORDERS: &str = "
Resources:
  OrdersTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: !Sub '${Project}-${Stage}-orders'
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
        - {AttributeName: customerKey, AttributeType: S}
        - {AttributeName: listKey, AttributeType: S}
      KeySchema:
        - {AttributeName: pk, KeyType: HASH}
        - {AttributeName: sk, KeyType: RANGE}
      GlobalSecondaryIndexes:
        - IndexName: byCustomer
          KeySchema:
            - {AttributeName: customerKey, KeyType: HASH}
            - {AttributeName: listKey, KeyType: RANGE}
          Projection: {ProjectionType: KEYS_ONLY}
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      SSESpecification: {SSEEnabled: true}
";

    #[test]
    fn a_table_gets_its_keys_indexes_stream_and_ttl() {
        let database = Database::memory().unwrap();
        let tables = declared_in(ORDERS).unwrap();
        tables[0].create_in(&database).unwrap();
        tables[0].create_in(&database).unwrap();

        let request = DescribeTableRequest { table_name: "shop-local-orders".into() };
        let described = serde_json::to_value(database.describe_table(request).unwrap()).unwrap();
        let table = &described["Table"];
        assert_eq!(table["TableStatus"], "ACTIVE");
        assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
        assert_eq!(table["GlobalSecondaryIndexes"][0]["IndexName"], "byCustomer");
        assert_eq!(table["GlobalSecondaryIndexes"][0]["Projection"]["ProjectionType"], "KEYS_ONLY");
        let metadata = database.get_table_metadata("shop-local-orders").unwrap().unwrap();
        assert_eq!(metadata.ttl_attribute.as_deref(), Some("ttl"));
    }

    #[test]
    fn an_unknown_property_is_named() {
        let yaml = ORDERS.replace("SSESpecification", "ImportSourceSpecification");
        assert_eq!(
            declared_in(&yaml).unwrap_err().to_string(),
            "infra/tables.yaml: OrdersTable: ImportSourceSpecification is not supported by the local emulators"
        );
    }

    #[test]
    fn the_projects_own_tables_are_made() {
        let database = Database::memory().unwrap();
        let tables = create(&database).unwrap();
        assert_eq!(database.table_count().unwrap(), tables.len());
        assert!(tables.iter().any(|table| table.has_stream));
    }
}
