#include "data/tokenizer/bpe.h"

#include <algorithm>
#include <utility>

#include "data/io/utf8.h"
#include "data/tokenizer/bpe_trainer.h"
#include "data/tokenizer/merges.h"
#include "data/tokenizer/split/splitter.h"

namespace heddle {
namespace {

using Id = std::int32_t;
constexpr std::uint32_t kNone = HashTable::kNone;

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

class BpeTokenizer final : public Tokenizer {
 public:
  explicit BpeTokenizer(const TokenizerState& from)
      : Tokenizer(from), splitter_(from.pattern), merges_(state()), whole_(state().pieces) {
    const std::vector<bool> special = find_special(state());
    // a token that form C made of others might lie over a cut before they are made one
    for (const Id id : state().normalized)
      never_cut_ |= state().nfc && !is_ascii(state().pieces[static_cast<std::size_t>(id)]);
    // A piece that merging makes one token is found whole; a token that merging does not reach is in this table only
    // where pieces are not merged if they need not be.
    std::vector<Id> ids;
    for (Id id = 0; id < vocab_size(); ++id) {
      const std::string& bytes = state().pieces[static_cast<std::size_t>(id)];
      if (bytes.size() < 2 || special[static_cast<std::size_t>(id)]) continue;
      if (!state().whole_pieces) {
        ids.clear();
        merge_piece(merges_, bytes, ids);
        if (ids.size() != 1) continue;
      }
      whole_.insert(id);
      longest_ = std::max(longest_, bytes.size());
    }
  }

  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, Specials specials) const override {
    if (never_cut_) return to;
    const SpecialTokens& normalized = normalized_tokens(specials);
    const auto stays = [&](std::size_t at) {  // form C changes neither what ends nor what begins there
      return is_form_c(last_code_point(text.substr(0, at)).value) && is_form_c(decode_utf8(text.substr(at)).value);
    };
    std::size_t at = splitter_.find_cut(special_tokens(specials), text, from, to);
    while (at < to && (normalized.crosses(text, at) || (state().nfc && !stays(at))))
      at = splitter_.find_cut(special_tokens(specials), text, at + 1, to);
    return at;
  }

  bool lossless() const override {
    return splitter_.keeps_text() && !state().nfc && state().lstrip.empty() && state().rstrip.empty();
  }

  std::vector<std::uint64_t> starts(std::string_view text, std::span<const Id> ids) const override {
    if (lossless()) return Tokenizer::starts(text, ids);
    for (const Specials specials : {Specials::allowed, Specials::plain}) {
      std::vector<std::uint64_t> places;
      std::vector<std::size_t> origin;
      Ids found;
      walk(
          text, specials, &origin,
          [&](const TextPart& part, std::size_t begin) {
            const std::size_t count = found.size();
            append_piece(found, part.text);
            std::size_t place = part.begin, first = part.prefixed ? 1 : 0;
            for (std::size_t i = count; i < found.size(); ++i) {
              places.push_back(begin + (origin.empty() ? place : origin[place]));
              const std::size_t size = piece(found[i]).size();
              place += size - std::exchange(first, 0);
            }
          },
          [&](Id id, std::size_t begin) {
            found.push_back(id);
            places.push_back(begin);
          });
      if (std::equal(ids.begin(), ids.end(), found.begin(), found.end())) return places;
    }
    throw Error("bpe tokenizer: the tokens whose places are asked for are not those of the text");
  }

  /// Calls on_piece(part, begin) and on_special(id, begin) for all of `text` in its order. The part lies in a text that
  /// begins at byte `begin`; where form C is asked for, byte i of that was made of what begins at (*origin)[i].
  template <class OnPiece, class OnSpecial>
  void walk(std::string_view text, Specials specials, std::vector<std::size_t>* origin, const OnPiece& on_piece,
            const OnSpecial& on_special) const {
    const auto on_text = [&](std::string_view raw, std::size_t begin) {
      const std::string composed = state().nfc ? nfc(raw, origin) : "";
      normalized_tokens(specials).cut_out(
          state().nfc ? std::string_view(composed) : raw,
          [&](std::string_view rest, std::size_t at) {
            splitter_.split(rest, [&](const TextPart& part) {
              on_piece(TextPart{part.text, part.begin + at, part.prefixed}, begin);
            });
          },
          [&](Id id, std::size_t at) { on_special(id, begin + (state().nfc && origin ? (*origin)[at] : at)); });
    };
    special_tokens(specials).cut_out(text, on_text, on_special);
  }

 protected:
  void append(Ids& ids, std::string_view text, Specials specials, std::uint64_t) const override {
    ids.reserve(ids.size() + text.size() / 4);
    walk(
        text, specials, nullptr, [&](const TextPart& part, std::size_t) { append_piece(ids, part.text); },
        [&](Id id, std::size_t) { ids.push_back(id); });
  }

 private:
  void append_piece(Ids& ids, std::string_view bytes) const {
    const Id id = bytes.size() == 1 ? merges_.byte(bytes[0]) : bytes.size() <= longest_ ? whole_.find(bytes) : -1;
    if (id >= 0) {
      ids.push_back(id);
    } else {
      merge_piece(merges_, bytes, ids);
    }
  }

  Splitter splitter_;
  Merges merges_;
  PieceTable whole_;
  std::size_t longest_ = 0;
  bool never_cut_ = false;
};

}  // namespace

TokenizerState train_bpe_tokenizer(const TokenizerOptions& options, const ReadBlock& read) {
  BpeOptions bpe;
  bpe.vocab_size = options.vocab_size;
  bpe.pattern = options.pattern == kAutoPattern ? Pattern::gpt2 : pattern_of(options.pattern);
  bpe.specials = options.specials;
  bpe.min_count = options.min_count;
  return train_bpe(read, bpe);
}

std::unique_ptr<Tokenizer> make_bpe_tokenizer(const TokenizerState& state) {
  return std::make_unique<BpeTokenizer>(state);
}

std::vector<std::string> bpe_pieces(const TokenizerState& state, std::string_view text) {
  std::vector<std::string> pieces;
  BpeTokenizer(state).walk(
      text, Specials::allowed, nullptr, [&](const TextPart& part, std::size_t) { pieces.emplace_back(part.text); },
      [](Id, std::size_t) {});
  return pieces;
}

std::vector<std::vector<Id>> bpe_steps(const TokenizerState& state, std::string_view piece) {
  const Merges merges(state);
  std::vector<Id> ids;
  for (const char c : piece) ids.push_back(merges.byte(c));
  std::vector<std::vector<Id>> steps = {ids};
  for (;;) {
    std::uint32_t best = kNone;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) best = std::min(best, merges.rank(ids[i], ids[i + 1]));
    if (best == kNone) return steps;
    std::vector<Id> merged;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool pair = i + 1 < ids.size() && ids[i] == merges.left(best) && ids[i + 1] == merges.right(best);
      merged.push_back(pair ? merges.made(best) : ids[i]);
      if (pair) ++i;
    }
    steps.push_back(ids = std::move(merged));
  }
}

}  // namespace heddle
