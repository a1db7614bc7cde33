use cached_runtime::cached;

unsafe extern "C" {
    #[cached]
    fn abs(n: i32) -> i32;
}

fn main() {
    let _ = unsafe { abs(-1) };
}
