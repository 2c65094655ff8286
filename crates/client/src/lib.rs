//! What a person can do with Zoufang, one file per noun. The only API a shell sees.

pub mod view;
