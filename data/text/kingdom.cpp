#include "data/text/kingdom.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "data/text/kingdom_words.h"
#include "framework/rng.h"

namespace heddle {
namespace {

using namespace kingdom;

// Sentences. A word in braces is a slot: the hero's role, name and pronouns, the country's words, and those of the
// verb, adjective and noun that the sentence draws for itself.

constexpr Word kOpenings[] = {
    "once there was a {role} named {name} in {country}",
    "{name} is a {role} who lives in {capital}",
    "this is the story of {name}, a {role} from {country}",
    "in {capital}, the capital of {country}, lives a {role} named {name}",
    "far away in {country} there lives a {people} {role}, and {his} name is {name}",
};

constexpr Word kAnybody[] = {
    "yesterday the {role} {past} {vwhere}",
    "last year {name} {past} {vwhere} for the first time",
    "yesterday morning {he} {past} {vwhere}, and so {he} is tired now",
    "every day the {role} {third} {vwhere}",
    "{he} often {third} {vwhere}, as {his} friends know",
    "now the {role} is {present} {vwhere}",
    "look, {he} is {present} {vwhere} again",
    "tomorrow the {role} will {base} {vwhere}",
    "the {role} likes to {base} {vwhere}",
    "{name} wants to {base} {vwhere}, but {he} is {present} already",
    "yesterday {he} {past} {vwhere}, and tomorrow {he} will {base} again",
    "the {role} pays with one {currency} in {country}",
    "{name} has lost a {currency} on the way to {capital}",
    "a {role} in {capital} needs many a {currency} for {food}",
    "in {country} {he} buys {food} for one {currency}",
    "the merchant in {capital} asks a {currency} for the {food}",
    "{capital} is the capital of {country} and lies on the {river}",
    "{he} travels through {country} to {capital} to see the {river}",
    "the {people} {role} speaks {people} and eats {food}",
    "in {country} the people speak {people} and bathe in the {river}",
    "the {one} is {adj}, but the {other} is {comparative}",
    "the {other} is {comparative} than the {one}, says {name}",
    "{he} has never seen a {comparative} {one} than this",
    "of all things the {one} is the {superlative}",
    "{he} dreams of the {superlative} {other} in the world",
    "the {one} is very {adj} and the {other} is not so {adj}",
    "the {role} sees one {thing} {nwhere}",
    "there is a {thing} {nwhere}, and {he} looks at it",
    "{he} counts two {things} {nwhere}",
    "many {things} are {nwhere}, and {name} likes them",
    "the {role} finds three {things} and gives one {thing} to {his} friend",
};

// By gender, whatever the role.
constexpr Word kMale[] = {
    "the {role} shaves his beard, and he takes his sword",
    "he is a brave {role}, and his voice is deep",
    "everybody calls him sir, for the {role} is a gentleman",
    "the {role} himself wears trousers and a tie, as he always does",
};
constexpr Word kFemale[] = {
    "the {role} braids her hair, and she takes her necklace",
    "she is a graceful {role}, and her voice is high",
    "everybody calls her madam, for the {role} is a lady",
    "the {role} herself wears a skirt and a veil, as she always does",
};

// By role, whatever the gender.
constexpr Word kRuler[] = {
    "the {role} wears a golden crown and sits on the throne",
    "the {role} rules {country} from the palace in {capital}",
    "the people bow before the {role}, who signs a new law",
    "the royal guards follow the {role} through the castle",
    "the crown of the {role} shines, and the whole kingdom obeys",
};
constexpr Word kHeir[] = {
    "the {role} will inherit the throne of {country} one day",
    "the young {role} grows up in the palace with a royal teacher",
    "the {role} is heir to the crown and still plays in the castle",
};
constexpr Word kAdult[] = {
    "the {role} works in the field and comes home tired",
    "the {role} lives in a plain cottage in the village",
    "the common {role} sells vegetables on the market",
    "the {role} has to work hard for a wage",
};
constexpr Word kChild[] = {
    "the {role} goes to school with a bag of toys",
    "the young {role} plays with toys in the village street",
    "the {role} is still little and learns the alphabet",
};
constexpr Word kParent[] = {
    "the {role} has raised three babies and cares for the family",
    "the {role} carries the baby and sings a lullaby",
};
constexpr Word kOffspring[] = {
    "the {role} obeys both parents and helps them at home",
    "the parents are proud of their first born {role}",
};
constexpr Word kSibling[] = {
    "the {role} shares a room with the twins and quarrels about a game",
    "a {role} always shares secrets with the twins",
};
constexpr Word kElder[] = {
    "the wrinkled {role} tells tales of long ago by the stove",
    "the {role} has grey hair, a wooden cane and many grandchildren",
};
constexpr Word kKin[] = {
    "the {role} comes to visit the relatives with a suitcase of gifts",
    "the relatives wait at the station for the {role}",
};
constexpr Word kYoungKin[] = {
    "the {role} is allowed to stay up late during the holidays",
    "the {role} spends the holidays far from home and sends a postcard",
};
constexpr Word kServer[] = {
    "the {role} carries plates through the crowded restaurant",
    "the guests call the {role} and ask for the bill",
};
constexpr Word kSpouse[] = {
    "the {role} wears a wedding ring since the marriage",
    "the {role} remembers the wedding and the honeymoon",
};

std::span<const Word> sentences_of(Life life) {
  switch (life) {
    case Life::ruler: return kRuler;
    case Life::heir: return kHeir;
    case Life::adult: return kAdult;
    case Life::child: return kChild;
    case Life::parent: return kParent;
    case Life::offspring: return kOffspring;
    case Life::sibling: return kSibling;
    case Life::elder: return kElder;
    case Life::kin: return kKin;
    case Life::young_kin: return kYoungKin;
    case Life::server: return kServer;
    case Life::spouse: return kSpouse;
  }
  return {};
}

/// One story: its hero and country stay, the other slots are drawn anew for each sentence.
class Story {
  std::uint64_t draw(std::uint64_t n) { return rng_.below(n, draws_++); }
  template <class List>
  const auto& pick(const List& list) {
    return list[draw(std::size(list))];
  }

 public:
  explicit Story(const Rng& rng) : rng_(rng), role_(pick(kRoles)), country_(pick(kCountries)), male_(draw(2) == 0) {
    name_ = male_ ? pick(kMaleNames) : pick(kFemaleNames);
  }

  void tell(std::string& text) {
    write(pick(kOpenings), text);
    const std::uint64_t sentences = 4 + draw(5);
    for (std::uint64_t i = 0; i < sentences; ++i) {
      Word sentence = choose();
      while (std::find(told_.begin(), told_.end(), sentence) != told_.end()) sentence = choose();
      told_.push_back(sentence);
      text += ' ';
      write(sentence, text);
    }
    text += '\n';
  }

 private:
  Word choose() {
    switch (draw(6)) {
      case 0: return male_ ? pick(kMale) : pick(kFemale);
      case 1:
      case 2: return pick(sentences_of(role_.life));
      default: return pick(kAnybody);
    }
  }

  void write(Word sentence, std::string& text) {
    const Verb& verb = pick(kVerbs);
    const Adjective& adjective = pick(kAdjectives);
    const Noun& noun = pick(kNouns);
    const std::pair<Word, Word> slots[] = {
        {"role", male_ ? role_.male : role_.female},
        {"name", name_},
        {"he", male_ ? "he" : "she"},
        {"his", male_ ? "his" : "her"},
        {"country", country_.country},
        {"capital", country_.capital},
        {"currency", country_.currency},
        {"people", country_.people},
        {"river", country_.river},
        {"food", country_.food},
        {"base", verb.base},
        {"third", verb.third},
        {"past", verb.past},
        {"present", verb.present},
        {"vwhere", verb.where},
        {"adj", adjective.plain},
        {"comparative", adjective.comparative},
        {"superlative", adjective.superlative},
        {"one", adjective.one},
        {"other", adjective.other},
        {"thing", noun.singular},
        {"things", noun.plural},
        {"nwhere", noun.where},
    };
    while (!sentence.empty()) {
      const std::size_t open = sentence.find('{');
      text += sentence.substr(0, open);
      if (open == Word::npos) break;
      const std::size_t close = sentence.find('}', open);
      const Word slot = sentence.substr(open + 1, close - open - 1);
      for (const auto& [key, word] : slots) {
        if (key != slot) continue;
        const bool vowel = Word("aeiou").find(word.front()) != Word::npos;
        if (vowel && (text.ends_with(" a ") || text.ends_with("\na ") || text == "a ")) {
          text.back() = 'n';
          text += ' ';
        }
        text += word;
      }
      sentence.remove_prefix(close + 1);
    }
    text += '.';
  }

  Rng rng_;
  std::uint64_t draws_ = 0;
  const Role& role_;
  const Country& country_;
  bool male_;
  Word name_;
  std::vector<Word> told_;
};

}  // namespace

std::string kingdom_text(std::uint64_t seed, index_t characters) {
  ensure(characters >= 0, "builtin:kingdom: ", characters, " characters cannot be written");
  const Rng rng = Rng(seed).fork(0x6b696e67646f6dU);  // "kingdom"
  std::string text;
  text.reserve(static_cast<std::size_t>(characters) + 1024);
  for (std::uint64_t i = 0; static_cast<index_t>(text.size()) < characters; ++i) Story(rng.fork(i)).tell(text);
  return text;
}

std::vector<AnalogyCategory> kingdom_analogies() {
  const auto category = [](const char* name, const auto& rows, auto first, auto second) {
    AnalogyCategory result{name, {}};
    for (const auto& row : rows) result.pairs.emplace_back(row.*first, row.*second);
    return result;
  };
  return {
      category("gender", kRoles, &Role::male, &Role::female),
      category("capital of country", kCountries, &Country::country, &Country::capital),
      category("currency of country", kCountries, &Country::country, &Country::currency),
      category("people of country", kCountries, &Country::country, &Country::people),
      category("past tense", kVerbs, &Verb::base, &Verb::past),
      category("present participle", kVerbs, &Verb::base, &Verb::present),
      category("third person", kVerbs, &Verb::base, &Verb::third),
      category("comparative", kAdjectives, &Adjective::plain, &Adjective::comparative),
      category("superlative", kAdjectives, &Adjective::plain, &Adjective::superlative),
      category("plural", kNouns, &Noun::singular, &Noun::plural),
  };
}

std::vector<WordProperty> kingdom_properties() {
  WordProperty speech{"part of speech", {}}, number{"number", {}}, tense{"tense", {}}, gender{"gender", {}};
  const auto add = [](WordProperty& property, const char* name, std::initializer_list<Word> words) {
    for (const Word word : words) property.words.emplace_back(word, name);
  };
  for (const Role& r : kRoles) {
    add(speech, "noun", {r.male, r.female});
    add(gender, "male", {r.male});
    add(gender, "female", {r.female});
  }
  add(gender, "male", {"he", "his", "sir", "himself"});
  add(gender, "female", {"she", "her", "madam", "herself"});
  for (const Noun& n : kNouns) {
    add(speech, "noun", {n.singular, n.plural});
    add(number, "singular", {n.singular});
    add(number, "plural", {n.plural});
  }
  for (const Verb& v : kVerbs) {
    add(speech, "verb", {v.base, v.third, v.past, v.present});
    add(tense, "present", {v.base, v.third});
    add(tense, "past", {v.past});
  }
  for (const Adjective& a : kAdjectives) add(speech, "adjective", {a.plain, a.comparative, a.superlative});
  return {speech, number, tense, gender};
}

}  // namespace heddle
