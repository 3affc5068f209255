//! What is put into a statement. Every value knows its type, nulls too, so that both databases take it for the same thing.

use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::resource::{ContentHash, ResourceKey};
use jiff::Timestamp;
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

pub(crate) enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    /// Sixteen bytes, without an allocation of their own: keys, hashes and ids are in every row.
    Sixteen([u8; 16]),
    /// A column of many rows; PostgreSQL alone takes it whole.
    Integers(Vec<Option<i64>>),
    Reals(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

impl Value {
    pub(crate) fn add_to_postgres(self, to: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Integer(value) => to.add(value),
            Self::Real(value) => to.add(value),
            Self::Text(value) => to.add(value.map(storable)),
            Self::Bytes(value) => to.add(value),
            Self::Sixteen(value) => to.add(value.as_slice()),
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

/// The values of a row, in order.
macro_rules! row {
    ($($value:expr),* $(,)?) => { [$($crate::database::Value::from($value)),*] };
}
pub(crate) use row;

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
    &[u8; 32] => Bytes, value => value.to_vec();
    Timestamp => Integer, value => value.as_microsecond();
    PatientNo => Integer, value => value.0;
    SourceNo => Integer, value => value.0;
}

macro_rules! keys {
    ($($type:ty, $value:ident => $stored:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::Sixteen($stored)
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                value.map_or(Self::Bytes(None), Self::from)
            }
        }
    )*};
}

keys! {
    Uuid, value => value.into_bytes();
    &Uuid, value => *value.as_bytes();
    ResourceKey, value => value.0;
    ContentHash, value => value.0;
}
