// Numbers beyond 128 bits, against identities that hold for all numbers and against Python's
// answers.

#include "functions/natural.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace {
namespace {

Natural number(std::string_view digits) { return Natural::from_digits(digits); }

Natural random_number(std::mt19937_64& random, size_t digits_max) {
  std::string digits;
  for (size_t size = random() % digits_max + 1; size > 0; --size)
    digits += static_cast<char>('0' + random() % 10);
  // Runs of nines and zeros are where a guessed digit is wrong.
  if (random() % 4 == 0) digits += std::string(random() % 30, '9');
  if (random() % 4 == 0) digits += std::string(random() % 30, '0');
  return number(digits);
}

TEST(Natural, ReadsAndWritesDigits) {
  EXPECT_EQ(number("000").digits(), "0");
  EXPECT_TRUE(number("0").is_zero());
  EXPECT_EQ(number("0001000000000000000000000").digits(), "1000000000000000000000");
  EXPECT_EQ(Natural(18446744073709551615u).digits(), "18446744073709551615");
  EXPECT_EQ(Natural::power_of_ten(0).digits(), "1");
  EXPECT_EQ(Natural::power_of_ten(20).digits(), "100000000000000000000");
}

TEST(Natural, KnownAnswers) {
  const Natural a = number("123456789012345678901234567890"),
                b = number("987654321098765432109876543210");
  EXPECT_EQ((a + b).digits(), "1111111110111111111011111111100");
  EXPECT_EQ((b - a).digits(), "864197532086419753208641975320");
  EXPECT_EQ((a * b).digits(), "121932631137021795226185032733622923332237463801111263526900");
  EXPECT_EQ(b.divided_by(a).first.digits(), "8");
  EXPECT_EQ(b.divided_by(a).second.digits(), "9000000000900000000090");
  EXPECT_EQ(number("2000000000000000000000000000000000000000").square_root().digits(),
            "44721359549995793928");
}

TEST(Natural, DivisionUndoesMultiplication) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 3000; ++i) {
    const Natural a = random_number(random, 80), b = random_number(random, 40);
    if (b.is_zero()) continue;
    const auto [quotient, rest] = a.divided_by(b);
    ASSERT_LT(rest, b);
    ASSERT_EQ(quotient * b + rest, a) << a.digits() << " / " << b.digits();
    const Natural root = a.square_root(), next = root + Natural(1);
    ASSERT_LE(root * root, a);
    ASSERT_GT(next * next, a);
  }
}

}  // namespace
}  // namespace millrace
