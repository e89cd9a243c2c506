//! Mathematical functions of the system's library that `std` does not offer: the last bit is the one that OTP's engine
//! gives on the same machine.
//!
//! Called by the native functions of module `math`.

// SAFETY: C's functions of these names and types, which take any number.
unsafe extern "C" {
    pub safe fn erf(x: f64) -> f64;
    pub safe fn erfc(x: f64) -> f64;
    pub safe fn acosh(x: f64) -> f64;
    pub safe fn asinh(x: f64) -> f64;
    pub safe fn atanh(x: f64) -> f64;
}
