use cached_runtime::cached;

#[cached(skip(team), tags("user:{id}", "team:{team}"))]
fn load(id: u64, team: u64) -> u64 {
    id + team
}

fn main() {}
