#[repr(C)] struct A { b: [B; 2] }
#[repr(C)] struct B { a: A, c: C }
type C = D; type D = C;
