//! One key, its facts and the small things around them, for the tables of the domain's tests.
