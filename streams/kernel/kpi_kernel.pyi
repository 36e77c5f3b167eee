"""The hot path of clicks in Rust, installed where `make setup` found cargo; its code: streams/kernel/src."""
