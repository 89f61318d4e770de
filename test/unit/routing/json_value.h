// Just enough JSON to read the golden files: numbers, strings, arrays, objects, null.
#pragma once

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rv::test {

struct Json {
  enum class Kind { null, number, string, array, object } kind = Kind::null;
  double number = 0;
  std::string string;
  std::vector<Json> array;
  std::map<std::string, Json> object;

  const Json& operator[](const std::string& key) const { return object.at(key); }
  bool has(const std::string& key) const { return object.contains(key); }
  bool is_null() const { return kind == Kind::null; }
  int integer() const { return static_cast<int>(number); }
  // All numbers below, in order.
  std::vector<double> numbers() const {
    std::vector<double> out;
    collect(out);
    return out;
  }

  static Json parse(const std::string& text) {
    std::size_t at = 0;
    return value(text, at);
  }

 private:
  void collect(std::vector<double>& out) const {
    if (kind == Kind::number) out.push_back(number);
    for (const Json& j : array) j.collect(out);
  }
  static void space(const std::string& s, std::size_t& at) {
    while (at < s.size() && std::isspace(static_cast<unsigned char>(s[at])) != 0) ++at;
  }
  static std::string quoted(const std::string& s, std::size_t& at) {
    std::string out;
    for (++at; s.at(at) != '"'; ++at) {
      if (s[at] == '\\') ++at;
      out += s.at(at);
    }
    ++at;
    return out;
  }
  static Json value(const std::string& s, std::size_t& at) {
    space(s, at);
    Json j;
    const char c = s.at(at);
    if (c == '{' || c == '[') {
      j.kind = c == '{' ? Kind::object : Kind::array;
      const char end = c == '{' ? '}' : ']';
      for (++at, space(s, at); s.at(at) != end; space(s, at)) {
        if (s[at] == ',') {
          ++at;
          space(s, at);
        }
        if (c == '[') {
          j.array.push_back(value(s, at));
        } else {
          std::string key = quoted(s, at);
          space(s, at);
          ++at;  // the colon
          j.object[key] = value(s, at);
        }
      }
      ++at;
    } else if (c == '"') {
      j.kind = Kind::string;
      j.string = quoted(s, at);
    } else if (s.compare(at, 4, "null") == 0) {
      at += 4;
    } else if (s.compare(at, 4, "true") == 0 || s.compare(at, 5, "false") == 0) {
      j.kind = Kind::number;
      j.number = s[at] == 't' ? 1 : 0;
      at += s[at] == 't' ? 4 : 5;
    } else {
      char* end = nullptr;
      j.kind = Kind::number;
      j.number = std::strtod(s.c_str() + at, &end);
      if (end == s.c_str() + at) throw std::runtime_error("bad JSON");
      at = static_cast<std::size_t>(end - s.c_str());
    }
    return j;
  }
};

// The folder of prepared data, or empty when it is absent.
inline std::string shared_folder() {
  const char* s = std::getenv("RUVECTOR_SHARED");
  const std::string folder = s != nullptr ? s : RUVECTOR_DEFAULT_SHARED;
  return std::ifstream(folder + "/README.md").good() ? folder : std::string();
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

}  // namespace rv::test
