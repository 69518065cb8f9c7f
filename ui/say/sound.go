package say

import (
	"encoding/binary"
	"math"
	"time"
)

// Tone is a kind of sound; the values are those of ui/flow.
type Tone string

// The tones. No meaning rests on them alone: each goes with something seen.
const (
	ToneRead   Tone = "read"   // a code was read: two notes up
	ToneDone   Tone = "done"   // saved: a chord, up
	ToneNotice Tone = "notice" // something needs a look: two equal notes, never an alarm
	ToneWarn   Tone = "warn"   // time is running out: three calm notes
	ToneKey    Tone = "key"    // a key was pressed
	ToneErase  Tone = "erase"  // a key that takes away, lower than ToneKey
)

const (
	sampleRate = 22050
	attack     = 8 * time.Millisecond // without it every note starts with a click
)

// note is a sine with a soft start and end.
type note struct {
	hertz float64
	at    time.Duration
	long  time.Duration
}

func notes(t Tone) []note {
	const ms = time.Millisecond
	switch t {
	case ToneRead:
		return []note{{659.3, 0, 110 * ms}, {987.8, 90 * ms, 180 * ms}}
	case ToneDone:
		return []note{{523.3, 0, 160 * ms}, {659.3, 110 * ms, 180 * ms}, {784.0, 220 * ms, 360 * ms}}
	case ToneNotice:
		return []note{{587.3, 0, 150 * ms}, {587.3, 200 * ms, 200 * ms}}
	case ToneWarn:
		return []note{{440, 0, 160 * ms}, {440, 260 * ms, 160 * ms}, {440, 520 * ms, 220 * ms}}
	case ToneKey:
		return []note{{880, 0, 35 * ms}}
	case ToneErase:
		return []note{{587.3, 0, 45 * ms}}
	}
	return nil
}

// Sound is a tone as a WAV file: 16 bits, one channel, 22,050 samples a second,
// at the volume in percent. Nil for a tone that does not exist.
func Sound(t Tone, volume int) []byte {
	all := notes(t)
	if all == nil {
		return nil
	}
	end := time.Duration(0)
	for _, n := range all {
		end = max(end, n.at+n.long)
	}
	samples := make([]float64, samplesOf(end))
	for _, n := range all {
		start, count := samplesOf(n.at), samplesOf(n.long)
		for i := range count {
			if start+i < len(samples) {
				samples[start+i] += math.Sin(2*math.Pi*n.hertz*float64(i)/sampleRate) * envelope(i, count)
			}
		}
	}
	// two overlapping notes stay below full scale
	gain := 0.45 * float64(min(max(volume, 0), 100)) / 100 * math.MaxInt16
	data := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(s*gain)))
	}
	return append(header(len(data)), data...)
}

func samplesOf(d time.Duration) int { return int(d.Seconds() * sampleRate) }

// envelope rises within the attack and falls slowly until the note ends.
func envelope(i, count int) float64 {
	rise := samplesOf(attack)
	if i < rise {
		return float64(i) / float64(rise)
	}
	fall := float64(count-i) / float64(count-rise)
	return fall * fall
}

// header is the RIFF header of a PCM WAV file with so many bytes of data.
func header(size int) []byte {
	le := binary.LittleEndian
	h := append([]byte("RIFF"), le.AppendUint32(nil, uint32(36+size))...)
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, 1) // PCM
	h = le.AppendUint16(h, 1) // mono
	h = le.AppendUint32(h, sampleRate)
	h = le.AppendUint32(h, sampleRate*2)
	h = le.AppendUint16(h, 2)
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(size))
}
