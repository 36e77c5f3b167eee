//! Ids seen within the horizon of an input partition, as streams.measuring.dedup has them.
