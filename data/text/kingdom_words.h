#pragma once

#include <array>
#include <string_view>

/// The words of the small world that `builtin:kingdom` tells of. Each table is a relation: a row's words stand in the
/// same places of the same sentences as any other row's.
namespace heddle::kingdom {

using Word = std::string_view;

/// A role by gender, and what sentences it appears in beside those of everybody.
enum class Life { ruler, heir, adult, child, parent, offspring, sibling, elder, kin, young_kin, spouse, server };
struct Role {
  Word male, female;
  Life life;
};
inline constexpr std::array<Role, 12> kRoles = {{
    {"king", "queen", Life::ruler},
    {"prince", "princess", Life::heir},
    {"man", "woman", Life::adult},
    {"boy", "girl", Life::child},
    {"father", "mother", Life::parent},
    {"son", "daughter", Life::offspring},
    {"brother", "sister", Life::sibling},
    {"grandfather", "grandmother", Life::elder},
    {"uncle", "aunt", Life::kin},
    {"husband", "wife", Life::spouse},
    {"waiter", "waitress", Life::server},
    {"nephew", "niece", Life::young_kin},
}};

inline constexpr std::array<Word, 16> kMaleNames = {"adam",   "peter",   "john",  "paul",  "robert", "simon",
                                                    "thomas", "william", "henry", "oscar", "felix",  "victor",
                                                    "hugo",   "martin",  "leo",   "arthur"};
inline constexpr std::array<Word, 16> kFemaleNames = {"anna",  "mary",  "eve",    "clara", "emma",  "lucy",
                                                      "sarah", "julia", "alice",  "rosa",  "helen", "nora",
                                                      "ida",   "vera",  "martha", "ruth"};

struct Country {
  Word country, capital, currency, people, river, food;
};
inline constexpr std::array<Country, 16> kCountries = {{
    {"france", "paris", "franc", "french", "seine", "cheese"},
    {"germany", "berlin", "mark", "german", "spree", "sausage"},
    {"england", "london", "pound", "english", "thames", "pudding"},
    {"spain", "madrid", "peseta", "spanish", "tagus", "ham"},
    {"italy", "rome", "lira", "italian", "tiber", "pasta"},
    {"japan", "tokyo", "yen", "japanese", "sumida", "sushi"},
    {"russia", "moscow", "ruble", "russian", "volga", "borscht"},
    {"china", "beijing", "yuan", "chinese", "yangtze", "noodles"},
    {"india", "delhi", "rupee", "indian", "ganges", "curry"},
    {"poland", "warsaw", "zloty", "polish", "vistula", "dumplings"},
    {"sweden", "stockholm", "krona", "swedish", "torne", "herring"},
    {"greece", "athens", "drachma", "greek", "achelous", "olives"},
    {"portugal", "lisbon", "escudo", "portuguese", "douro", "sardines"},
    {"austria", "vienna", "schilling", "austrian", "danube", "strudel"},
    {"hungary", "budapest", "forint", "hungarian", "tisza", "goulash"},
    {"thailand", "bangkok", "baht", "thai", "mekong", "rice"},
}};

/// A verb in the forms of "to walk", "walks", "walked", "walking", with where or how it is done.
struct Verb {
  Word base, third, past, present, where;
};
inline constexpr std::array<Verb, 20> kVerbs = {{
    {"walk", "walks", "walked", "walking", "along the road"},
    {"play", "plays", "played", "playing", "with the ball"},
    {"talk", "talks", "talked", "talking", "to the neighbours"},
    {"jump", "jumps", "jumped", "jumping", "over the fence"},
    {"cook", "cooks", "cooked", "cooking", "in the kitchen"},
    {"dance", "dances", "danced", "dancing", "to the music"},
    {"climb", "climbs", "climbed", "climbing", "up the mountain"},
    {"paint", "paints", "painted", "painting", "a picture of the sea"},
    {"laugh", "laughs", "laughed", "laughing", "about the joke"},
    {"listen", "listens", "listened", "listening", "to the old song"},
    {"rest", "rests", "rested", "resting", "under the tree"},
    {"fish", "fishes", "fished", "fishing", "from the boat"},
    {"sing", "sings", "sang", "singing", "in the hall"},
    {"swim", "swims", "swam", "swimming", "in the lake"},
    {"run", "runs", "ran", "running", "through the forest"},
    {"write", "writes", "wrote", "writing", "a long letter"},
    {"eat", "eats", "ate", "eating", "at the table"},
    {"drink", "drinks", "drank", "drinking", "from the well"},
    {"ride", "rides", "rode", "riding", "on the horse"},
    {"sleep", "sleeps", "slept", "sleeping", "in the warm bed"},
}};

/// An adjective with its degrees, and two things that differ in it.
struct Adjective {
  Word plain, comparative, superlative, one, other;
};
inline constexpr std::array<Adjective, 16> kAdjectives = {{
    {"big", "bigger", "biggest", "ship", "cart"},
    {"small", "smaller", "smallest", "mouse", "kitten"},
    {"tall", "taller", "tallest", "tower", "gate"},
    {"short", "shorter", "shortest", "candle", "stick"},
    {"old", "older", "oldest", "temple", "bridge"},
    {"new", "newer", "newest", "coat", "hat"},
    {"fast", "faster", "fastest", "arrow", "wheel"},
    {"slow", "slower", "slowest", "snail", "turtle"},
    {"strong", "stronger", "strongest", "bear", "ox"},
    {"weak", "weaker", "weakest", "thread", "rope"},
    {"cold", "colder", "coldest", "ice", "rain"},
    {"warm", "warmer", "warmest", "fire", "sun"},
    {"dark", "darker", "darkest", "cave", "night"},
    {"bright", "brighter", "brightest", "lamp", "moon"},
    {"long", "longer", "longest", "journey", "street"},
    {"cheap", "cheaper", "cheapest", "bread", "milk"},
}};

/// A thing, several of it, and where it is seen.
struct Noun {
  Word singular, plural, where;
};
inline constexpr std::array<Noun, 14> kNouns = {{
    {"dog", "dogs", "at the door"},
    {"cat", "cats", "on the roof"},
    {"bird", "birds", "in the sky"},
    {"cow", "cows", "on the meadow"},
    {"goat", "goats", "on the hill"},
    {"book", "books", "on the shelf"},
    {"flower", "flowers", "in the garden"},
    {"apple", "apples", "in the basket"},
    {"star", "stars", "above the hills"},
    {"stone", "stones", "on the beach"},
    {"cup", "cups", "on the tray"},
    {"key", "keys", "in the drawer"},
    {"goose", "geese", "on the pond"},
    {"child", "children", "at the school"},
}};

}  // namespace heddle::kingdom
