use cached_runtime::cached;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Team(u64);

#[cached(tags("team:{team}"))]
fn load(team: Team) -> u64 {
    team.0
}

fn main() {}
