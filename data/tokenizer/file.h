#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/tokenizer/pretokenizer.h"
#include "data/tokenizer/tokenizer.h"

/// Byte-pair vocabularies in the forms that other programs read and write:
///
///   NAME.json      Hugging Face's tokenizer.json
///   NAME.tiktoken  tiktoken's ranks: a line a token, its bytes in base64 and its rank. What they cannot hold, the
///                  pattern and the special tokens, stands in NAME.tiktoken.json beside it
///   a folder       with a tokenizer.json, or with GPT-2's encoder.json and vocab.bpe, by those names or as vocab.json
///                  and merges.txt
namespace heddle {

/// Whether a folder holds one of them.
bool is_tokenizer_folder(const std::filesystem::path& path);
/// Reads any of them. `pattern` is a name, or kAutoPattern: the one that the file says. What the file asks for and is
/// not done here goes to `notices`. Errors: what cannot be read or is none of them, naming the file and what in it is
/// wrong; ranks that say no pattern, where none is given; a pattern that is not the file's.
TokenizerState read_tokenizer(const std::filesystem::path& path, const std::string& pattern = kAutoPattern,
                              std::vector<std::string>* notices = nullptr);
/// Errors: a name that asks for none of them, or for one that cannot hold the pattern; a folder where a file is asked
/// for. What is said so early need not be said after a long training.
void check_tokenizer_path(const std::filesystem::path& path, const std::string& pattern);
/// Writes the one that the name asks for. The file is written beside its place and renamed, so it is there whole or not
/// at all. Errors: those of check_tokenizer_path; a tokenizer that is not byte-pair encoding, or that the form cannot
/// hold; a folder that cannot be written to.
void write_tokenizer(const TokenizerState& state, const std::filesystem::path& path);

/// Hugging Face's form, from and to text: byte-level BPE, the normalizer NFC or none, pre-tokenizers Split, Digits,
/// Punctuation and ByteLevel in any sequence, added tokens with all their options. What the file asks for and is not
/// done (dropout, truncation, padding, tokens around a text) goes to `notices`. Errors: anything else, all of it at
/// once; anything that is missing or misshapen.
TokenizerState parse_tokenizer_json(const std::string& text, std::vector<std::string>* notices = nullptr);
std::string tokenizer_json(const TokenizerState& state);

/// GPT-2's form, from and to the texts of encoder.json and vocab.bpe. Tokens of UTF-8 that are no byte and that no
/// merge makes are special.
TokenizerState parse_gpt2(const std::string& encoder_json, const std::string& vocab_bpe);
std::string gpt2_encoder_json(const TokenizerState& state);
std::string gpt2_vocab_bpe(const TokenizerState& state);
/// The same vocabulary with the bytes as its tokens 0 .. 255 in GPT-2's order, printable ones first, which others
/// expect of these files. Errors: the first 256 tokens are not the bytes.
TokenizerState with_gpt2_bytes(const TokenizerState& state);

/// tiktoken's form, from and to text. It holds no merges: a piece that is a token is that token, and in others any two
/// neighbours whose bytes make a token are merged, lowest rank first, where merges name the two. So of a vocabulary
/// that was trained here tiktoken makes the same tokens but for rare texts such as long runs of one character.
TokenizerState parse_ranks(const std::string& text, const std::string& pattern);
std::string rank_lines(const TokenizerState& state);
/// What ranks cannot hold: the pattern, form C, added and special tokens, as JSON.
void parse_beside_ranks(TokenizerState& state, const std::string& json);
std::string beside_ranks(const TokenizerState& state);

/// Bytes as GPT-2 writes them in JSON: each byte a printable character, which for most of ASCII is itself (a space is
/// U+0120).
std::string printable_bytes(std::string_view bytes);
/// The bytes that such text stands for. Errors: a character that stands for no byte.
std::string bytes_of_printable(std::string_view text);

}  // namespace heddle
