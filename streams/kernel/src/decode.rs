//! A click from its JSON, where that is plain.

/// The fields of models.click.Click; texts as they stand in the record.
#[derive(Debug, Default, PartialEq)]
pub struct Click<'a> {
    pub event_id: &'a str,
    pub at_us: i64,
    pub visitor_id: &'a str,
    pub event_type: &'a str,
    pub session_id: Option<&'a str>,
    pub customer_id: Option<&'a str>,
    pub page_url: Option<&'a str>,
    pub referrer: Option<&'a str>,
    pub utm_source: Option<&'a str>,
    pub utm_medium: Option<&'a str>,
    pub utm_campaign: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub country: Option<&'a str>,
    pub device: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub order_id: Option<&'a str>,
}

/// The click of a record, or None where its JSON is not plain: then the decoder of Python decides what it is.
pub fn decode(_raw: &[u8]) -> Option<Click<'_>> {
    None
}
