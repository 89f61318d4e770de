// Reads the golden cases of the shared folder: just enough JSON for numbers in nested arrays.
#pragma once

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace golden {

struct Value {
  std::map<std::string, Value> members;
  std::vector<Value> items;
  std::string text;
  double number = 0;
  bool is_null = false;
  bool has(const std::string& name) const { return members.count(name) != 0; }
  const Value& at(const std::string& name) const { return members.at(name); }
  // All numbers inside, in order.
  std::vector<double> flat() const {
    if (items.empty()) return {number};
    std::vector<double> all;
    for (const Value& v : items)
      for (const double d : v.flat()) all.push_back(d);
    return all;
  }
};

class Parser {
 public:
  explicit Parser(std::string s) : s_(std::move(s)) {}
  Value parse() {
    Value v;
    skip();
    if (s_[at_] == '{') {
      ++at_;
      for (skip(); s_[at_] != '}'; skip()) {
        const std::string name = string();
        skip();
        ++at_;  // colon
        v.members[name] = parse();
        skip();
        if (s_[at_] == ',') ++at_;
      }
      ++at_;
    } else if (s_[at_] == '[') {
      ++at_;
      for (skip(); s_[at_] != ']'; skip()) {
        v.items.push_back(parse());
        skip();
        if (s_[at_] == ',') ++at_;
      }
      ++at_;
    } else if (s_[at_] == '"') {
      v.text = string();
    } else if (std::isalpha(static_cast<unsigned char>(s_[at_])) != 0) {
      while (std::isalpha(static_cast<unsigned char>(s_[at_])) != 0) v.text += s_[at_++];
      v.number = v.text == "true" ? 1 : 0;
      v.is_null = v.text == "null";
    } else {
      char* end = nullptr;
      v.number = std::strtod(s_.c_str() + at_, &end);
      at_ = static_cast<std::size_t>(end - s_.c_str());
    }
    return v;
  }

 private:
  void skip() {
    while (std::isspace(static_cast<unsigned char>(s_[at_])) != 0) ++at_;
  }
  std::string string() {
    skip();
    std::string out;
    for (++at_; s_[at_] != '"'; ++at_) {
      if (s_[at_] == '\\') ++at_;
      out += s_[at_];
    }
    ++at_;
    return out;
  }
  std::string s_;
  std::size_t at_ = 0;
};

inline std::string shared_folder() {
  const char* set = std::getenv("RUVECTOR_SHARED");
  return set != nullptr ? set : RUVECTOR_DEFAULT_SHARED;
}

// Null when the file is not there.
inline std::unique_ptr<Value> read(const std::string& name) {
  std::ifstream file(shared_folder() + "/golden/" + name);
  if (!file) return nullptr;
  std::stringstream text;
  text << file.rdbuf();
  return std::make_unique<Value>(Parser(text.str()).parse());
}

}  // namespace golden
