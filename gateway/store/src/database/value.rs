//! What is put into a statement. Every value knows its type, nulls too, so that both databases take it for the same thing.

use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::resource::{ContentHash, ResourceKey};
use jiff::Timestamp;
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use uuid::Uuid;

pub(crate) enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    /// A column of many rows; PostgreSQL alone takes it whole.
    Integers(Vec<Option<i64>>),
    Reals(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

impl Value {
    pub(crate) fn add_to_sqlite(self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Integer(value) => to.add(value),
            Self::Real(value) => to.add(value),
            Self::Text(value) => to.add(value),
            Self::Bytes(value) => to.add(value),
            Self::Integers(_) | Self::Reals(_) | Self::Texts(_) | Self::Blobs(_) => Err("SQLite takes no column as one value".into()),
        }
    }

    pub(crate) fn add_to_postgres(self, to: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Integer(value) => to.add(value),
            Self::Real(value) => to.add(value),
            Self::Text(value) => to.add(value.map(storable)),
            Self::Bytes(value) => to.add(value),
            Self::Integers(values) => to.add(values),
            Self::Reals(values) => to.add(values),
            Self::Texts(values) => to.add(values.into_iter().map(|value| value.map(storable)).collect::<Vec<_>>()),
            Self::Blobs(values) => to.add(values),
        }
    }
}

/// PostgreSQL keeps every character but U+0000.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The values of a statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::database::Value::from($value)),*] };
}
pub(crate) use args;

/// As [`Value::from`], for a value or its absence.
macro_rules! values {
    ($($type:ty => $variant:ident, $value:ident => $stored:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant(Some($stored))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(|$value| $stored))
            }
        }
    )*};
}

values! {
    i64 => Integer, value => value;
    u32 => Integer, value => i64::from(value);
    u16 => Integer, value => i64::from(value);
    u64 => Integer, value => i64::try_from(value).unwrap_or(i64::MAX);
    bool => Integer, value => i64::from(value);
    f64 => Real, value => value;
    &str => Text, value => value.to_owned();
    String => Text, value => value;
    Vec<u8> => Bytes, value => value;
    Uuid => Bytes, value => value.as_bytes().to_vec();
    &Uuid => Bytes, value => value.as_bytes().to_vec();
    ResourceKey => Bytes, value => value.0.to_vec();
    ContentHash => Bytes, value => value.0.to_vec();
    &[u8; 32] => Bytes, value => value.to_vec();
    Timestamp => Integer, value => value.as_microsecond();
    PatientNo => Integer, value => value.0;
    SourceNo => Integer, value => value.0;
}
