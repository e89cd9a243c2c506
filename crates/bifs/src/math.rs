//! Module `math`: functions on floats. A result that is not finite is `badarith`.

use crate::prelude::*;
use corten_engine::cmath;
use corten_term::arith::number_to_f64;

pub const BIFS: &[Bif] = bifs![
    math:acos/1 => acos,
    math:acosh/1 => acosh,
    math:asin/1 => asin,
    math:asinh/1 => asinh,
    math:atan/1 => atan,
    math:atan2/2 => atan2,
    math:atanh/1 => atanh,
    math:ceil/1 => ceil,
    math:cos/1 => cos,
    math:cosh/1 => cosh,
    math:erf/1 => erf,
    math:erfc/1 => erfc,
    math:exp/1 => exp,
    math:floor/1 => floor,
    math:fmod/2 => fmod,
    math:log/1 => log,
    math:log10/1 => log10,
    math:log2/1 => log2,
    math:pow/2 => pow,
    math:sin/1 => sin,
    math:sinh/1 => sinh,
    math:sqrt/1 => sqrt,
    math:tan/1 => tan,
    math:tanh/1 => tanh,
];

fn operand<'h>(t: Term<'h>) -> Result<f64, Stop<'h>> {
    if !t.is_number() {
        return Err(Stop::BADARG);
    }
    number_to_f64(t).ok_or(Stop::BADARITH)
}

fn result<'h>(p: &'h Process, f: f64) -> BifResult<'h> {
    if f.is_finite() {
        Ok(p.heap.float(f))
    } else {
        Err(Stop::BADARITH)
    }
}

macro_rules! functions {
    ($($name:ident = $f:path;)*) => {$(
        fn $name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
            result(p, $f(operand(a[0])?))
        }
    )*};
    (2: $($name:ident = $f:expr;)*) => {$(
        fn $name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
            let f: fn(f64, f64) -> f64 = $f;
            result(p, f(operand(a[0])?, operand(a[1])?))
        }
    )*};
}
functions! {
    acos = f64::acos;
    acosh = cmath::acosh;
    asin = f64::asin;
    asinh = cmath::asinh;
    atan = f64::atan;
    atanh = cmath::atanh;
    ceil = f64::ceil;
    cos = f64::cos;
    cosh = f64::cosh;
    erf = cmath::erf;
    erfc = cmath::erfc;
    exp = f64::exp;
    floor = f64::floor;
    log = f64::ln;
    log10 = f64::log10;
    log2 = f64::log2;
    sin = f64::sin;
    sinh = f64::sinh;
    sqrt = f64::sqrt;
    tan = f64::tan;
    tanh = f64::tanh;
}
functions! { 2:
    atan2 = f64::atan2;
    fmod = |x, y| x % y;
    pow = f64::powf;
}
