//! The macros that write [`State`](super::State) and [`Value`](super::Value) from a list of fields.

/// Implements [`State`](crate::state::State) for a struct from its fields, in the order in which they are saved.
///
/// ```
/// # use model::state::{State, StateReader, StateWriter};
/// struct Average { period: u32, sum: i64, recent: Vec<i64>, label: String }
/// model::state!(Average { sum; list recent: 100; same period; config label; check |average| average.sum >= 0 });
/// # let mut one = Average { period: 3, sum: 5, recent: vec![2, 3], label: String::new() };
/// # let mut to = StateWriter::new();
/// # one.save(&mut to);
/// # let bytes = to.into_bytes();
/// # (one.sum, one.recent) = (0, vec![]);
/// # one.load(&mut StateReader::new(&bytes)).unwrap();
/// # assert_eq!((one.sum, one.recent), (5, vec![2, 3]));
/// ```
/// Every field stands in it once, as one of these, each group but the first after a semicolon:
/// - state, restored in place; a `Vec` or slice there keeps its length, which is compared;
/// - `list`: state that grows and shrinks, up to so many entries;
/// - `same`: configuration that is written and compared;
/// - `config`: configuration that is not written;
/// - `scratch`: what the next input overwrites before it reads it.
///
/// `check` says what must hold of the restored value. The compiler refuses a field that is missing:
///
/// ```compile_fail,E0027
/// struct Average { sum: i64, seen: u32 }
/// model::state!(Average { sum });
/// ```
/// Generic types give their parameters first: `state!([const N: usize] Ring<N> { … })`. A struct of one field without
/// a name is written `state!(Lowest(0))`.
#[macro_export]
macro_rules! state {
    ([$($generics:tt)*] $type:ty {
        $($field:ident),* $(,)?
        $(; list $($list:ident : $max:expr),+)?
        $(; same $($same:ident),+)?
        $(; config $($config:ident),+)?
        $(; scratch $($scratch:ident),+)?
        $(; check $check:expr)?
    }) => {
        impl<$($generics)*> $crate::state::State for $type {
            fn save(&self, to: &mut $crate::state::StateWriter) {
                let Self {
                    $($field,)* $($($list,)+)? $($($same,)+)? $($($config: _,)+)? $($($scratch: _,)+)?
                } = self;
                $($($crate::state::State::save($same, to);)+)?
                $($crate::state::State::save($field, to);)*
                $($($crate::state::List::save_list($list, to);)+)?
                let _ = to;
            }

            fn load(
                &mut self,
                from: &mut $crate::state::StateReader<'_>,
            ) -> ::core::result::Result<(), $crate::state::StateError> {
                let Self {
                    $($field,)* $($($list,)+)? $($($same,)+)? $($($config: _,)+)? $($($scratch: _,)+)?
                } = self;
                $($(from.same(stringify!($same), $same)?;)+)?
                $($crate::state::State::load($field, from)?;)*
                $($($crate::state::List::load_list($list, $max, from)?;)+)?
                $(
                    let check: fn(&Self) -> bool = $check;
                    from.check(check(self), stringify!($type))?;
                )?
                let _ = from;
                Ok(())
            }
        }
    };
    ($type:ident(0)) => {
        impl $crate::state::State for $type {
            fn save(&self, to: &mut $crate::state::StateWriter) {
                let Self(inner) = self;
                $crate::state::State::save(inner, to);
            }

            fn load(
                &mut self,
                from: &mut $crate::state::StateReader<'_>,
            ) -> ::core::result::Result<(), $crate::state::StateError> {
                let Self(inner) = self;
                $crate::state::State::load(inner, from)
            }
        }
    };
    ($type:ident { $($rest:tt)* }) => {
        $crate::state!([] $type { $($rest)* });
    };
}

/// Implements [`Value`](crate::state::Value) for a struct from all its fields (`value!(Raw(0))` for a single one
/// without a name), or for an enum without payload from its variants and the codes they are saved as.
///
/// ```
/// # use model::state::{StateReader, StateWriter, Value};
/// # #[derive(Debug, PartialEq)]
/// struct Point { x: f64, y: f64 }
/// model::value!(Point { x, y });
/// # #[derive(Debug, PartialEq)]
/// enum Turn { Left, Right }
/// model::value!(Turn { Left = 0, Right = 1 });
/// # let mut to = StateWriter::new();
/// # Turn::Right.put(&mut to);
/// # Point { x: 1.0, y: 2.0 }.put(&mut to);
/// # let bytes = to.into_bytes();
/// # let mut from = StateReader::new(&bytes);
/// # assert_eq!(Turn::read(&mut from), Ok(Turn::Right));
/// # assert_eq!(Point::read(&mut from), Ok(Point { x: 1.0, y: 2.0 }));
/// ```
#[macro_export]
macro_rules! value {
    ($type:ident(0)) => {
        impl $crate::state::Value for $type {
            #[inline]
            fn put(&self, to: &mut $crate::state::StateWriter) {
                let Self(inner) = self;
                $crate::state::Value::put(inner, to);
            }

            #[inline]
            fn read(
                from: &mut $crate::state::StateReader<'_>,
            ) -> ::core::result::Result<Self, $crate::state::StateError> {
                $crate::state::Value::read(from).map(Self)
            }
        }
    };
    ($type:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $crate::state::Value for $type {
            fn put(&self, to: &mut $crate::state::StateWriter) {
                let code: u8 = match self { $(Self::$variant => $code,)+ };
                $crate::state::Value::put(&code, to);
            }

            fn read(
                from: &mut $crate::state::StateReader<'_>,
            ) -> ::core::result::Result<Self, $crate::state::StateError> {
                match <u8 as $crate::state::Value>::read(from)? {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(from.error($crate::state::StateCause::NoValue(stringify!($type)))),
                }
            }
        }
    };
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::state::Value for $type {
            #[inline]
            fn put(&self, to: &mut $crate::state::StateWriter) {
                let Self { $($field),+ } = self;
                $($crate::state::Value::put($field, to);)+
            }

            #[inline]
            fn read(
                from: &mut $crate::state::StateReader<'_>,
            ) -> ::core::result::Result<Self, $crate::state::StateError> {
                Ok(Self { $($field: $crate::state::Value::read(from)?),+ })
            }
        }
    };
}
