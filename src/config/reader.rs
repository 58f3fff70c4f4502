//! Hands the values of one section after another to their readers, keeping the problems they find
//! and a line for `check-config` about every effective setting.

use std::path::Path;

use toml::Value;

use super::problem::Problems;
use super::source::{Given, Origin, Raw};
use crate::private_file::{self, Trust};
use crate::secret::Secret;

/// An effective setting as `check-config` shows it, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `[section] field`.
    pub name: String,
    /// Its value, with every secret masked.
    pub shown: String,
    /// Who set it.
    pub origin: Origin,
}

pub(super) struct Reader {
    pub(super) raw: Raw,
    pub(super) problems: Problems,
    pub(super) settings: Vec<Setting>,
}

/// A given value taken apart.
pub(super) struct Told<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
    pub(super) place: String,
}

impl Reader {
    fn take<T>(
        &mut self,
        section: &'static str,
        name: &'static str,
        read: impl Fn(Value) -> Option<T>,
    ) -> Option<Told<T>> {
        let Given { value, origin, place } = self.raw.values.remove(&(section, name))?;
        read(value).map(|value| Told { value, origin, place })
    }

    pub(super) fn text(
        &mut self,
        section: &'static str,
        name: &'static str,
    ) -> Option<Told<String>> {
        self.take(section, name, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn whole(&mut self, section: &'static str, name: &'static str) -> Option<Told<i64>> {
        self.take(section, name, |value| value.as_integer())
    }

    pub(super) fn days(
        &mut self,
        section: &'static str,
        name: &'static str,
    ) -> Option<Told<Vec<i64>>> {
        self.take(section, name, |value| {
            value.as_array().map(|days| days.iter().filter_map(Value::as_integer).collect())
        })
    }

    /// What is in the private file that a `*_file` setting names, without the line's end.
    pub(super) fn secret_file(
        &mut self,
        told: Told<String>,
        cap: u64,
        data: &Path,
        trust: &Trust,
    ) -> Option<Told<Secret>> {
        let path = super::resolve(&told.value, data);
        match private_file::read_secret(&path, cap, trust) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                Some(Told { value: Secret::new(text), origin: told.origin, place: told.place })
            }
            Err(fault) => {
                self.problems.add(told.place, fault.to_string());
                None
            }
        }
    }

    /// A switch that is off unless told otherwise.
    pub(super) fn flag(&mut self, section: &'static str, name: &'static str) -> bool {
        let told = self.take(section, name, |value| value.as_bool());
        let (on, origin) = told.map_or((false, Origin::Default), |told| (told.value, told.origin));
        self.note(&format!("[{section}] {name}"), on, origin);
        on
    }

    /// A text that `read` understands, else `default`; its refusal becomes a problem.
    pub(super) fn parsed<T: std::fmt::Display>(
        &mut self,
        (section, name): (&'static str, &'static str),
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let (value, origin) = match self.text(section, name) {
            None => (default, Origin::Default),
            Some(told) => match read(&told.value) {
                Ok(value) => (value, told.origin),
                Err(sentence) => {
                    self.problems.add(told.place, sentence);
                    (default, Origin::Default)
                }
            },
        };
        self.note(&format!("[{section}] {name}"), &value, origin);
        value
    }

    pub(super) fn note(&mut self, name: &str, shown: impl std::fmt::Display, origin: Origin) {
        let (name, shown) = (name.to_owned(), shown.to_string());
        self.settings.push(Setting { name, shown, origin });
    }
}
