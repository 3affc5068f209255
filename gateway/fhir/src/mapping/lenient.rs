//! Field types that take what servers really send: null, one or many, a number for a text. None of them ever fails on well-formed
//! JSON, so that one odd element never costs the whole resource.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A primitive as text, and whether anything was there at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    /// The element is missing or null.
    #[default]
    Missing,
    /// A string, number or boolean.
    Value(Cow<'a, str>),
    /// An object or list where a primitive belongs.
    Odd,
}

impl Text<'_> {
    /// The text without blanks around it; `None` where there is none.
    pub(crate) fn get(&self) -> Option<&str> {
        match self {
            Self::Value(text) => Some(text.trim()).filter(|it| !it.is_empty()),
            Self::Missing | Self::Odd => None,
        }
    }

    pub(crate) fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.get().is_some_and(|it| it.eq_ignore_ascii_case(word))
    }

    /// Whether something was said, readable or not.
    pub(crate) fn is_there(&self) -> bool {
        *self != Self::Missing
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Owned(text.to_owned())))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Borrowed(if value { "true" } else { "false" })))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Owned(value.to_string())))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Owned(value.to_string())))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Text::Value(Cow::Owned(value.to_string())))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text::Missing)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text::Odd)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text::Odd)
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// Whether an element says anything at all: null and a list of nothing do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said(pub(crate) bool);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SaidVisitor;

        impl<'de> Visitor<'de> for SaidVisitor {
            type Value = Said;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Said(true))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Said(true))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Said(true))
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Said(true))
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Said(true))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Said(false))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut said = false;
                while let Some(piece) = seq.next_element::<Said>()? {
                    said |= piece.0;
                }
                Ok(Said(said))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Said(true))
            }
        }

        deserializer.deserialize_any(SaidVisitor)
    }
}

/// A number, from a number or the text of one. One that a float can't hold is none, and costs nothing but itself: the digits are in the
/// raw text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(raw).trim();
        Ok(Self(text.parse().ok().filter(|it: &f64| it.is_finite())))
    }
}

/// An object; `None` where something else stands. Of a list of objects the first.
#[derive(Clone, Debug)]
pub(crate) struct One<T>(pub(super) Option<T>);

impl<T> Default for One<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> One<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut first = None;
        deserializer.deserialize_any(Objects { into: &mut first, of: PhantomData })?;
        Ok(Self(first))
    }
}

/// A list of objects; one object alone counts as a list of one, and what is no object is left out.
#[derive(Clone, Debug)]
pub(crate) struct Many<T>(pub(super) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Many<T> {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.0.first()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Vec::new();
        deserializer.deserialize_any(Objects { into: &mut all, of: PhantomData })?;
        Ok(Self(all))
    }
}

/// Where objects go as they are read, so that each is moved once and a single one is not allocated.
trait Place<T> {
    fn put(&mut self, item: T);
}

impl<T> Place<T> for Vec<T> {
    fn put(&mut self, item: T) {
        if self.is_empty() {
            // Mostly there is one, and the room for four that would be made is large.
            self.reserve_exact(1);
        }
        self.push(item);
    }
}

impl<T> Place<T> for Option<T> {
    fn put(&mut self, item: T) {
        self.get_or_insert(item);
    }
}

struct Objects<'p, T, P> {
    into: &'p mut P,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, P: Place<T>> DeserializeSeed<'de> for Objects<'_, T, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, P: Place<T>> Visitor<'de> for Objects<'_, T, P> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|it| self.into.put(it))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Objects { into: &mut *self.into, of: PhantomData })?.is_some() {}
        Ok(())
    }
    // Text types take a text as it is; an object takes it for its `text`, as a name or a concept that came as a bare string.
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        let plain = || BorrowedStrDeserializer::<E>::new(text);
        let read = T::deserialize(plain()).or_else(|_| T::deserialize(MapDeserializer::<_, E>::new(iter::once(("text", plain())))));
        if let Ok(item) = read {
            self.into.put(item);
        }
        Ok(())
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let plain = || text.to_owned().into_deserializer();
        let read = T::deserialize(plain()).or_else(|_: E| T::deserialize(MapDeserializer::<_, E>::new(iter::once(("text", plain())))));
        if let Ok(item) = read {
            self.into.put(item);
        }
        Ok(())
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Lean<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        #[serde(borrow)]
        many: Many<Inner<'a>>,
        #[serde(borrow)]
        one: One<Inner<'a>>,
        #[serde(borrow)]
        words: Many<Text<'a>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        code: Text<'a>,
    }

    #[test]
    fn a_text_is_borrowed_where_it_can_be() {
        let lean: Lean = serde_json::from_str(r#"{"text":"plain"}"#).unwrap();
        assert!(matches!(lean.text, Text::Value(Cow::Borrowed("plain"))));
    }

    #[test]
    fn a_number_is_read_from_its_digits_and_one_that_is_none_costs_nothing() {
        for (json, number) in [
            ("1.00", Some(1.0)),
            ("\"7\"", Some(7.0)),
            ("1e999", None),
            ("-0.00000000000000000000000000000000001", Some(-1e-35)),
            ("null", None),
            ("[1]", None),
            ("\"NaN\"", None),
            ("123456789012345678901234567890", Some(123_456_789_012_345_678_901_234_567_890.0)),
        ] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap().0, number, "{json}");
        }
    }

    #[test]
    fn a_list_of_nothing_says_nothing() {
        for (json, said) in [("null", false), ("[]", false), ("[null]", false), ("[{}]", true), ("{}", true), ("0", true), ("\"\"", true)] {
            assert_eq!(serde_json::from_str::<Said>(json).unwrap().0, said, "{json}");
        }
    }

    #[test]
    fn odd_shapes_cost_only_themselves() {
        let lean: Lean = serde_json::from_str(
            r#"{"text":5.5,"many":[{"code":"a"},null,3,"x",[{"code":7}]],"one":[{"code":"b"},{"code":"c"}],"words":"w"}"#,
        )
        .unwrap();
        assert_eq!(lean.text.get(), Some("5.5"));
        assert_eq!(lean.many.iter().filter_map(|it| it.code.get()).collect::<Vec<_>>(), ["a", "7"]);
        assert_eq!(lean.one.get().unwrap().code.get(), Some("b"));
        assert_eq!(lean.words.first().unwrap().get(), Some("w"));
        let lean: Lean = serde_json::from_str(r#"{"text":{"a":[1]},"many":null,"one":"x","words":[null]}"#).unwrap();
        assert!(lean.text.is_there() && lean.text.get().is_none());
        assert!(lean.many.first().is_none() && lean.one.get().is_none_or(|it| it.code.get().is_none()));
    }
}
