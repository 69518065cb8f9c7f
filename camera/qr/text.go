package qr

import (
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// textOf is gozxing's reading of the data bytes. Byte segments that name no
// character set are UTF-8 when they are valid UTF-8, else what gozxing
// guesses (ISO-8859-1 as the standard says, or Shift_JIS).
func textOf(data []uint8, v *decoder.Version, level decoder.ErrorCorrectionLevel) (string, bool) {
	latin := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1"}
	res, err := decoder.DecodedBitStreamParser_Decode(data, v, level, latin)
	if err != nil {
		return "", false
	}
	valid := true
	for _, seg := range res.GetByteSegments() {
		valid = valid && utf8.Valid(seg)
	}
	var hints map[gozxing.DecodeHintType]any
	if valid {
		hints = map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"}
	}
	if res, err = decoder.DecodedBitStreamParser_Decode(data, v, level, hints); err != nil {
		return "", false
	}
	t := res.GetText()
	return t, t != ""
}
