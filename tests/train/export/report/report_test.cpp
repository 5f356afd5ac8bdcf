#include "train/export/report/report.h"

#include <algorithm>

#include "tests/train/page_data.h"

namespace heddle {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("texts in a report's page hold no character that means anything to HTML, and are read back as they were") {
  const std::string plain = report_page(nlohmann::json::object());
  CHECK(count(plain, "<script") == 2);  // the data's and the page's own
  CHECK(count(plain, "{{") == 0);       // nothing is left to be filled in
  for (const char* const text :
       {"</script><script>alert(1)</script>", "<!-- <script>", "]]>", "&lt;b&gt;", "a\u2028b\u2029c\u2027\u202a",
        "{{data}}{{script}}", "\\u003c \\\" ' `", "\u00e9\u4e2d\U0001F600"}) {
    INFO(text);
    const std::string page = report_page({{"text", text}, {text, 1}});
    CHECK(page_data(page) == nlohmann::json({{"text", text}, {text, 1}}));
    const std::string data = data_text(page);
    CHECK(data.find_first_of("<>&") == data.npos);
    CHECK(data.find("\u2028") == data.npos);
    CHECK(data.find("\u2029") == data.npos);
    CHECK(page.size() - data.size() == plain.size() - 2);  // no more than the data was put in
  }
}

TEST_CASE("bytes in a report's page that are not UTF-8 are shown as such, and numbers keep their bits") {
  CHECK(page_data(report_page({{"token",
                                "a\xff"
                                "b\xe2\x80"}}))["token"] == "a\\xFFb\\xE2\\x80");
  CHECK(page_data(report_page({"\x01", "a\tb", "c\nd"})) == nlohmann::json({"\\u{1}", "a\tb", "c\nd"}));
  CHECK(page_data(report_page({{"x", 0.1}, {"y", 1e300}, {"z", std::nan("")}})) ==
        nlohmann::json({{"x", 0.1}, {"y", 1e300}, {"z", nullptr}}));
}

TEST_CASE("a report's page lets no script run but its own, and nothing be fetched") {
  const std::string page = report_page(nlohmann::json::object());
  CHECK(page.find("default-src 'none'; script-src 'sha256-") != page.npos);
  CHECK(count(page, "src=\"http") + count(page, "url(http") + count(page, "@import") == 0);
  CHECK(count(page, "innerHTML") + count(page, "insertAdjacentHTML") + count(page, "document.write") +
            count(page, "eval(") ==
        0);
}

}  // namespace heddle
