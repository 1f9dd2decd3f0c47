package spelling

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"beta", "bta", 1}, {"beta", "btea", 1}, {"beta", "beat", 1}, {"kitten", "sitting", 3}, {"σ", "τ", 1}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestDistanceIsSymmetricAndZeroForEqualWordsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 8, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Fatalf("distance(%q, %q) = %d, backwards %d", a, b, d, distance(b, a))
		}
	})
}

func TestNearestIsSilentWhenNothingIsNear(t *testing.T) {
	for word, want := range map[string]string{"betas": "beta", "Beta": "beta", "gamma": "", "x": "", "": "",
		"thresh": "threshold", "th": "", "beta_max_minimum": ""} {
		if got := Nearest(word, []string{"beta", "threshold"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
