//! What the crate `openssl` has no safe face for. Each function here is safe to call; the `unsafe` is inside, with
//! the reason why it holds.

#![allow(unsafe_code)]

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::bn::BigNumRef;
use openssl::cipher_ctx::CipherCtxRef;
use openssl::ec::EcGroup;
use openssl::error::ErrorStack;
use openssl::md_ctx::{MdCtx, MdCtxRef};
use openssl_sys as ffi;
use std::ffi::{CStr, CString, c_int};
use std::ptr::{self, NonNull};

/// The outcome of a function that answers 1 for success; what it left in the thread's error queue is taken out.
fn check(result: c_int) -> Result<(), ErrorStack> {
    if result > 0 {
        Ok(())
    } else {
        Err(ErrorStack::get())
    }
}

/// A digest in the same state.
pub fn copy_digest(from: &MdCtxRef) -> Result<MdCtx, ErrorStack> {
    let to = MdCtx::new()?;
    // SAFETY: both are live contexts; the source is only read.
    check(unsafe { ffi::EVP_MD_CTX_copy_ex(to.as_ptr(), from.as_ptr()) })?;
    Ok(to)
}

/// How many bits of an RC2 key count.
pub fn set_rc2_key_bits(ctx: &mut CipherCtxRef, bits: c_int) -> Result<(), ErrorStack> {
    const EVP_CTRL_SET_RC2_KEY_BITS: c_int = 0x3;
    // SAFETY: a live context; this control takes a number and no pointer.
    check(unsafe {
        ffi::EVP_CIPHER_CTX_ctrl(
            ctx.as_ptr(),
            EVP_CTRL_SET_RC2_KEY_BITS,
            bits,
            ptr::null_mut(),
        )
    })
}

/// A curve over a field of characteristic two: its polynomial and the coefficients.
pub fn binary_curve(p: &BigNumRef, a: &BigNumRef, b: &BigNumRef) -> Result<EcGroup, ErrorStack> {
    // SAFETY: three live numbers, which are copied; what comes back is ours.
    unsafe {
        let group =
            ffi::EC_GROUP_new_curve_GF2m(p.as_ptr(), a.as_ptr(), b.as_ptr(), ptr::null_mut());
        if group.is_null() {
            return Err(ErrorStack::get());
        }
        Ok(EcGroup::from_ptr(group))
    }
}

/// A message authentication code in the middle of its work.
pub struct Mac(NonNull<ffi::EVP_MAC_CTX>);

// SAFETY: the context belongs to this object alone and is bound to no thread; `&Mac` gives no access to it.
unsafe impl Send for Mac {}

impl Drop for Mac {
    fn drop(&mut self) {
        // SAFETY: ours, and nobody uses it any more.
        unsafe { ffi::EVP_MAC_CTX_free(self.0.as_ptr()) }
    }
}

/// Why there is no MAC.
pub enum MacError {
    /// This library does not have the algorithm.
    Unknown,
    Failed,
}

impl From<ErrorStack> for MacError {
    fn from(_: ErrorStack) -> MacError {
        MacError::Failed
    }
}

impl Mac {
    /// A MAC of this name with a key; `sub` is a parameter (`digest`, `cipher`) and the name of its algorithm.
    pub fn new(name: &CStr, sub: Option<(&CStr, &str)>, key: &[u8]) -> Result<Mac, MacError> {
        let sub = match sub {
            Some((k, v)) => Some((k, CString::new(v).map_err(|_| MacError::Unknown)?)),
            None => None,
        };
        // SAFETY: every pointer that a function gives is checked before it is used and given back at the end; the
        // strings and the key outlive the calls that read them.
        unsafe {
            let mac = ffi::EVP_MAC_fetch(ptr::null_mut(), name.as_ptr(), ptr::null());
            if mac.is_null() {
                drop(ErrorStack::get());
                return Err(MacError::Unknown);
            }
            let ctx = ffi::EVP_MAC_CTX_new(mac);
            ffi::EVP_MAC_free(mac);
            let Some(ctx) = NonNull::new(ctx) else {
                drop(ErrorStack::get());
                return Err(MacError::Failed);
            };
            let this = Mac(ctx);
            let builder = ffi::OSSL_PARAM_BLD_new();
            if let (Some((k, v)), false) = (&sub, builder.is_null()) {
                ffi::OSSL_PARAM_BLD_push_utf8_string(builder, k.as_ptr(), v.as_ptr(), 0);
            }
            let parameters = if builder.is_null() {
                ptr::null_mut()
            } else {
                ffi::OSSL_PARAM_BLD_to_param(builder)
            };
            ffi::OSSL_PARAM_BLD_free(builder);
            if parameters.is_null() {
                drop(ErrorStack::get());
                return Err(MacError::Failed);
            }
            let done = ffi::EVP_MAC_init(ctx.as_ptr(), key.as_ptr(), key.len(), parameters);
            ffi::OSSL_PARAM_free(parameters);
            check(done)?;
            Ok(this)
        }
    }

    pub fn update(&mut self, data: &[u8]) -> Result<(), ErrorStack> {
        // SAFETY: a live, initialised context.
        check(unsafe { ffi::EVP_MAC_update(self.0.as_ptr(), data.as_ptr(), data.len()) })
    }

    pub fn finish(&mut self) -> Result<Vec<u8>, ErrorStack> {
        // SAFETY: a live, initialised context; the function writes no more than the size that it is told.
        unsafe {
            let mut out = vec![0; ffi::EVP_MAC_CTX_get_mac_size(self.0.as_ptr())];
            let mut size = out.len();
            check(ffi::EVP_MAC_final(
                self.0.as_ptr(),
                out.as_mut_ptr(),
                &mut size,
                out.len(),
            ))?;
            out.truncate(size);
            Ok(out)
        }
    }
}
