#[repr(u8)] enum r#loop { r#type = 1, Close }
#[repr(C)] struct r#dyn { r#fn: r#loop, r#in: [u8; USE] }
const USE: usize = 3;
