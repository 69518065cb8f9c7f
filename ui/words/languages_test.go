package words

import (
	"testing"
	"time"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
)

// What CLDR says of the shipped languages: long dates, short times, decimal
// and group signs, lists, and plural forms.
func TestEachLanguageWritesAsItsReadersDo(t *testing.T) {
	c := load(t)
	at := time.Date(2026, 11, 23, 21, 5, 0, 0, time.UTC)
	for tag, want := range map[string][10]string{
		"en":      {"May 6, 1971", "May 1971", "9:05 PM", "1,234.50", "a, b, and c", "1 medicine", "0 medicines", "November 23, 2026, 9:05 PM", "0.5", "12:30 AM"},
		"es":      {"6 de mayo de 1971", "mayo de 1971", "21:05", "1234,50", "a, b y c", "1 medicamento", "0 medicamentos", "23 de noviembre de 2026, 21:05", "0,5", "0:30"},
		"fr":      {"6 mai 1971", "mai 1971", "21:05", "1\u202f234,50", "a, b et c", "1 médicament", "0 médicament", "23 novembre 2026, 21:05", "0,5", "00:30"},
		"zh-Hans": {"1971年5月6日", "1971年5月", "21:05", "1,234.50", "a、b和c", "1 种药物", "0 种药物", "2026年11月23日 21:05", "0.5", "00:30"},
		"vi":      {"6 tháng 5, 1971", "tháng 5 năm 1971", "21:05", "1.234,50", "a, b và c", "1 loại thuốc", "0 loại thuốc", "23 tháng 11, 2026, 21:05", "0,5", "00:30"},
	} {
		w := c.In(tag)
		if w.Tag() != tag {
			t.Errorf("%s is not there", tag)
			continue
		}
		got := [10]string{w.Date(Day{1971, 5, 6}), w.Date(Day{1971, 5, 0}), w.Time(21, 5), w.Decimal("1234.50"),
			w.List([]string{"a", "b", "c"}), w.Count(summary.Medicines, 1), w.Count(summary.Medicines, 0),
			w.Moment(at, at.AddDate(0, 0, 1)), w.Decimal("0.5"), w.Time(0, 30)}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", tag, got[i], want[i])
			}
		}
	}
	if got := c.In("fr").Date(Day{2026, 7, 1}); got != "1er juillet 2026" {
		t.Errorf("fr: %q", got)
	}
	if got := c.In("es").Decimal("12345"); got != "12.345" {
		t.Errorf("es: %q", got)
	}
}

func TestChineseFindsItsTag(t *testing.T) {
	c := load(t)
	for tag, want := range map[string]string{"zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "es-MX": "es", "fr-CA": "fr",
		"vi-VN": "vi", "de": "en", "ar": "en"} {
		if got := c.In(tag).Tag(); got != want {
			t.Errorf("In(%q) = %s, want %s", tag, got, want)
		}
	}
	if got := c.In("zh").Sentences("一。", "二。"); got != "一。二。" {
		t.Errorf("sentences %q", got)
	}
}

func TestQuantitiesByLanguage(t *testing.T) {
	c := load(t)
	v := summary.Value{Kind: summary.ValueRange, Quantity: summary.Quantity{Number: "3.50", Unit: "mmol/L"},
		High: summary.Quantity{Number: "5.1", Unit: phi.Text("mmol/L")}}
	for tag, want := range map[string]string{"fr": "3,50 à 5,1 mmol/L", "zh-Hans": "3.50 到 5.1 mmol/L", "vi": "3,50 đến 5,1 mmol/L"} {
		if got := c.In(tag).Value(v).Reveal(); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
