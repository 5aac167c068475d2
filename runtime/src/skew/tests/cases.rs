//! What random pairs do not reach: unions, enums, tags, names, and how differences read.
