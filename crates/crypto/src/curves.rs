//! Elliptic curves: the table of those with a name, and curves from their parameters as `crypto_ec_curves.erl`
//! writes them.

use crate::args;
use crate::sys;
use corten_term::Term;
use openssl::asn1::Asn1Object;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcGroupRef, EcPoint};
use std::ops::Deref;
use std::sync::OnceLock;

/// A curve with a name.
struct Named {
    name: &'static str,
    /// What OpenSSL calls it.
    openssl: &'static str,
    group: OnceLock<Option<EcGroup>>,
}

macro_rules! named {
    ($($name:literal $(= $openssl:literal)?),* $(,)?) => {
        static NAMED: [Named; [$($name),*].len()] = [$(Named {
            name: $name,
            openssl: named!(@openssl $name $($openssl)?),
            group: OnceLock::new(),
        }),*];
    };
    (@openssl $name:literal) => { $name };
    (@openssl $name:literal $openssl:literal) => { $openssl };
}

// In the order in which `crypto:supports(curves)` has them.
named! {
    "secp160k1", "secp160r1", "secp160r2", "secp192k1", "secp224k1", "secp224r1", "secp256k1", "secp384r1",
    "secp521r1", "secp192r1" = "prime192v1", "prime192v1", "prime192v2", "prime192v3", "prime239v1", "prime239v2",
    "prime239v3", "secp256r1" = "prime256v1", "prime256v1", "wtls7" = "wap-wsg-idm-ecid-wtls7",
    "wtls9" = "wap-wsg-idm-ecid-wtls9", "wtls12" = "wap-wsg-idm-ecid-wtls12", "brainpoolP160r1", "brainpoolP160t1",
    "brainpoolP192r1", "brainpoolP192t1", "brainpoolP224r1", "brainpoolP224t1", "brainpoolP256r1", "brainpoolP256t1",
    "brainpoolP320r1", "brainpoolP320t1", "brainpoolP384r1", "brainpoolP384t1", "brainpoolP512r1", "brainpoolP512t1",
    "sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1", "sect239k1",
    "sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1", "c2pnb163v1", "c2pnb163v2",
    "c2pnb163v3", "c2pnb176v1", "c2tnb191v1", "c2tnb191v2", "c2tnb191v3", "c2pnb208w1", "c2tnb239v1", "c2tnb239v2",
    "c2tnb239v3", "c2pnb272w1", "c2pnb304w1", "c2tnb359v1", "c2pnb368w1", "c2tnb431r1",
    "wtls3" = "wap-wsg-idm-ecid-wtls3", "wtls5" = "wap-wsg-idm-ecid-wtls5", "wtls10" = "wap-wsg-idm-ecid-wtls10",
    "wtls11" = "wap-wsg-idm-ecid-wtls11", "secp112r1", "secp112r2", "secp128r1", "secp128r2",
    "wtls6" = "wap-wsg-idm-ecid-wtls6", "wtls8" = "wap-wsg-idm-ecid-wtls8", "sect113r1", "sect113r2", "sect131r1",
    "sect131r2", "wtls1" = "wap-wsg-idm-ecid-wtls1", "wtls4" = "wap-wsg-idm-ecid-wtls4", "ipsec3" = "Oakley-EC2N-3",
    "ipsec4" = "Oakley-EC2N-4",
}

/// Curves that OpenSSL treats as algorithms of their own.
const EDWARDS_AND_MONTGOMERY: [&str; 4] = ["ed25519", "ed448", "x25519", "x448"];

impl Named {
    fn group(&self) -> Option<&EcGroupRef> {
        let group = self.group.get_or_init(|| {
            let object = Asn1Object::from_str(self.openssl).ok()?;
            EcGroup::from_curve_name(object.nid()).ok()
        });
        group.as_deref()
    }
}

/// The names of those that this library has.
pub fn supported() -> impl Iterator<Item = &'static str> {
    let named = NAMED.iter().filter(|n| n.group().is_some()).map(|n| n.name);
    named.chain(EDWARDS_AND_MONTGOMERY)
}

/// A curve.
pub enum Group {
    Known(&'static EcGroupRef),
    Own(EcGroup),
}

impl Deref for Group {
    type Target = EcGroupRef;
    fn deref(&self) -> &EcGroupRef {
        match self {
            Group::Known(group) => group,
            Group::Own(group) => group,
        }
    }
}

/// What is wrong with a description: a text for the program.
pub type Wrong = &'static str;

/// The curve that `{Description, Name}` means, and the bytes of its order. The name counts if there is one.
pub fn group(t: Term<'_>) -> Result<(Group, usize), Wrong> {
    let [curve, name] = t.as_tuple_of::<2>().ok_or("Tuple arity 2 expected.")?;
    let curve = curve.as_tuple_of::<5>();
    let curve = curve.ok_or("Bad curve def. Expect 5-tuple.")?;
    let order = args::binary(curve[3]).ok_or("Bad order")?;
    let known = NAMED.iter().find(|n| Some(n.name) == args::name(*name));
    if let Some(group) = known.and_then(Named::group) {
        return Ok((Group::Known(group), order.len()));
    }
    Ok((Group::Own(own(curve)?), order.len()))
}

/// A curve from `{Field, {A, B, Seed}, Generator, Order, Cofactor}`.
fn own(curve: &[Term<'_>; 5]) -> Result<EcGroup, Wrong> {
    let [field, coefficients, generator, order, cofactor] = curve;
    let generator = args::binary(*generator).ok_or("Bad Generator (Point)")?;
    let order = args::number(*order).ok_or("Bad order")?;
    let cofactor = args::number(*cofactor).ok_or("Bad cofactor")?;
    let [a, b, _seed] = coefficients.as_tuple_of::<3>().ok_or("Bad Prime")?;
    let a = args::number(*a).ok_or("Bad a")?;
    let b = args::number(*b).ok_or("Bad b")?;
    let bad = |_| "Can't do fromdata";
    let mut ctx = BigNumContext::new().map_err(bad)?;
    let mut group = match field.as_tuple() {
        Some([kind, p]) if args::name(*kind) == Some("prime_field") => {
            let p = args::number(*p).ok_or("Bad p (Prime)")?;
            EcGroup::from_components(p, a, b, &mut ctx).map_err(bad)?
        }
        Some([kind, m, basis]) if args::name(*kind) == Some("characteristic_two_field") => {
            let p = polynomial(*m, *basis)?;
            sys::binary_curve(&p, &a, &b).map_err(bad)?
        }
        Some(_) => return Err("Bad field-type"),
        None => return Err("Bad Field"),
    };
    let point = EcPoint::from_bytes(&group, &generator, &mut ctx).map_err(bad)?;
    group.set_generator(point, order, cofactor).map_err(bad)?;
    Ok(group)
}

/// The highest degree of a field that OpenSSL takes.
const MOST_BITS: u32 = 661;

/// The reduction polynomial of degree `m` as a number: `{tpbasis, K}` or `{ppbasis, K1, K2, K3}`.
fn polynomial(m: Term<'_>, basis: Term<'_>) -> Result<BigNum, Wrong> {
    let m = args::uint(m).filter(|m| *m <= MOST_BITS);
    let m = m.ok_or("Bad field-bits (M)")?;
    let kind = |t: Term<'_>, name| {
        (args::name(t) == Some(name))
            .then_some(())
            .ok_or("Bad atom")
    };
    let mut bits = match basis.as_tuple() {
        Some([tag, k]) => {
            kind(*tag, "tpbasis")?;
            vec![args::uint(*k).ok_or("uint expected (k1)")?]
        }
        Some([tag, ks @ ..]) if ks.len() == 3 => {
            kind(*tag, "ppbasis")?;
            let ks: Option<Vec<u32>> = ks.iter().map(|k| args::uint(*k)).collect();
            ks.ok_or("Expecting uint (k1,k2,k3)")?
        }
        Some(_) => return Err("Bad tuple"),
        None if args::name(basis) == Some("onbasis") => return Err("'onbasis' not supported"),
        None => return Err("Bad last field"),
    };
    bits.insert(0, 0);
    bits.push(m);
    if !bits.is_sorted_by(|a, b| a < b) {
        return Err("bad values (field_bits, k1, k2 or k3)");
    }
    let mut p = BigNum::new().map_err(|_| "Creating bignum failed")?;
    for bit in bits {
        p.set_bit(bit as i32)
            .map_err(|_| "Polynom bit setting failed")?;
    }
    Ok(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::{Atom, Heap};

    #[test]
    fn every_curve_is_there() {
        assert_eq!(
            supported().count(),
            NAMED.len() + EDWARDS_AND_MONTGOMERY.len()
        );
    }

    #[test]
    fn polynomials_have_their_bits() {
        let h = Heap::new();
        let atom = |s| Term::atom(Atom::new(s).unwrap());
        let three = h.tuple(&[
            atom("ppbasis"),
            Term::small(1),
            Term::small(2),
            Term::small(5),
        ]);
        let p = polynomial(Term::small(8), three).unwrap();
        assert_eq!(p.to_vec(), [0b1, 0b0010_0111]);
        let falling = h.tuple(&[atom("tpbasis"), Term::small(9)]);
        assert!(polynomial(Term::small(8), falling).is_err());
    }
}
