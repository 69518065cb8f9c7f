package shc

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxChunks = 40              // reliability.md section 2
	chunkLife = 2 * time.Minute // a set that nobody completes is dropped
)

// Collector puts a card together from parts shown one after the other in any
// order (shc:/C/N/digits, deprecated but in use). It is safe for concurrent
// use.
type Collector struct {
	now func() time.Time

	mu    sync.Mutex
	parts []string // by number less one; "" is missing
	last  time.Time
}

// Progress is what has been collected.
type Progress struct {
	Have, Of int
	Missing  []int // numbers of the missing parts, counted from one
	Complete bool
	Card     string // the JWS when Complete; the collector is empty then
}

// NewCollector returns an empty Collector. now is the clock; nil means
// time.Now.
func NewCollector(now func() time.Time) *Collector {
	if now == nil {
		now = time.Now
	}
	return &Collector{now: now}
}

// Reset forgets all parts.
func (c *Collector) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parts = nil
}

// Add takes one part. A part seen before changes nothing. A part that cannot
// belong to the others is refused with ChunkMixed and the others are kept: the
// person shows the right one, or the set is dropped after two minutes. The
// error is an *Error.
func (c *Collector) Add(text string) (Progress, error) {
	number, of, content, err := chunk(text)
	if err != nil {
		return Progress{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.parts != nil && now.Sub(c.last) > chunkLife {
		c.parts = nil
	}
	if c.parts == nil {
		c.parts = make([]string, of)
	}
	if len(c.parts) != of || c.parts[number-1] != "" && c.parts[number-1] != content {
		return c.progress(), fail(ChunkMixed, "")
	}
	c.parts[number-1] = content
	c.last = now
	p := c.progress()
	if p.Have < p.Of {
		return p, nil
	}
	card := strings.Join(c.parts, "")
	c.parts = nil
	// Parts of two cards with the same count and different numbers are found
	// out only here.
	if _, perr := parse(card); perr != nil {
		return Progress{}, fail(ChunkMixed, "the parts make no card")
	}
	p.Complete, p.Card = true, card
	return p, nil
}

func (c *Collector) progress() Progress {
	p := Progress{Of: len(c.parts)}
	for i, s := range c.parts {
		if s == "" {
			p.Missing = append(p.Missing, i+1)
		} else {
			p.Have++
		}
	}
	return p
}

// chunk takes shc:/C/N/digits apart.
func chunk(text string) (number, of int, content string, err error) {
	if len(text) > maxText {
		return 0, 0, "", fail(TooBig, "")
	}
	text = strings.TrimSpace(text)
	if !hasPrefixFold(text, numericPrefix) {
		return 0, 0, "", fail(NotACard, "not a part of a card")
	}
	parts := strings.Split(strings.TrimLeft(text[len(numericPrefix):], "/"), "/")
	if len(parts) != 3 {
		return 0, 0, "", fail(ChunkInvalid, "form")
	}
	number, err1 := strconv.Atoi(parts[0])
	of, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil || number < 1 || of < 1 || number > of || of > maxChunks {
		return 0, 0, "", fail(ChunkInvalid, "number")
	}
	content, err = Numeric(parts[2])
	return number, of, content, err
}
