#pragma once

#include <filesystem>
#include <string>

#include "data/tokenizer/tokenizer.h"

/// Byte-pair vocabularies in the forms that other programs read and write:
///
///   NAME.json      Hugging Face's tokenizer.json
///   NAME.tiktoken  tiktoken's ranks: a line a token, its bytes in base64 and its rank. Pattern and special tokens
///                  are not part of it
///   a folder       GPT-2's encoder.json and vocab.bpe
namespace heddle {

/// Reads any of them; `pattern` is that of a file which does not say it. Errors: what cannot be read or is none of
/// them, naming the file and what in it is wrong.
TokenizerState read_tokenizer(const std::filesystem::path& path, const std::string& pattern = "gpt2");
/// Errors: a name that asks for none of them, or for one that cannot hold the pattern; a folder where a file is asked
/// for. What is said so early need not be said after a long training.
void check_tokenizer_path(const std::filesystem::path& path, const std::string& pattern);
/// Writes the one that the name asks for. The file is written beside its place and renamed, so it is there whole or not
/// at all. Errors: those of check_tokenizer_path; a tokenizer that is not byte-pair encoding, or that the form cannot
/// hold; a folder that cannot be written to.
void write_tokenizer(const TokenizerState& state, const std::filesystem::path& path);

/// Hugging Face's form, from and to text. Errors: a model that is not byte-level BPE, a normalizer or a pre-tokenizer
/// that is none of ours, an added token that takes spaces with it, anything that is missing or misshapen.
TokenizerState parse_tokenizer_json(const std::string& text);
std::string tokenizer_json(const TokenizerState& state);

/// GPT-2's form, from and to the texts of encoder.json and vocab.bpe. Tokens of UTF-8 that are no byte and that no
/// merge makes are special.
TokenizerState parse_gpt2(const std::string& encoder_json, const std::string& vocab_bpe);
std::string gpt2_encoder_json(const TokenizerState& state);
std::string gpt2_vocab_bpe(const TokenizerState& state);

/// tiktoken's form, from and to text. It holds no merges: a piece that is a token is that token, and in others any two
/// neighbours whose bytes make a token are merged, lowest rank first, where merges name the two. So of a vocabulary
/// that was trained here tiktoken makes the same tokens but for rare texts such as long runs of one character.
TokenizerState parse_ranks(const std::string& text, const std::string& pattern);
std::string rank_lines(const TokenizerState& state);

/// Bytes as GPT-2 writes them in JSON: each byte a printable character, which for most of ASCII is itself (a space is
/// U+0120).
std::string printable_bytes(std::string_view bytes);
/// The bytes that such text stands for. Errors: a character that stands for no byte.
std::string bytes_of_printable(std::string_view text);

}  // namespace heddle
