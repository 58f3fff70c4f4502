//! Stories: what people live through, told against the whole bot.

mod ladder;
