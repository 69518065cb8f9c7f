package intake

import (
	"crypto/sha256"
	"encoding/hex"

	"shlkiosk/sync/fhir"
)

// bare is the canonical form without references: the skeleton of a resource.
var bare = fhir.Canonical{Pointer: mayBeInRecord}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// skeleton is the hash of what a resource says apart from its references.
func skeleton(r fhir.Resource) string { return digest(bare.Append(nil, r)) }

// contentHash is the hash of an entry's source content with the skeletons of
// what it refers to: equal for the same content in another Bundle with other
// ids. It is what the content tag holds.
func (it *item) contentHash() string {
	if it.content == "" {
		b := []byte(it.sourceSkeleton())
		for _, e := range it.edges {
			if e.target != nil && e.target != it {
				b = append(b, e.target.sourceSkeleton()...)
			}
		}
		it.content = digest(b)
	}
	return it.content
}

func (it *item) sourceSkeleton() string {
	if it.skel == "" {
		it.skel = skeleton(it.res)
	}
	return it.skel
}
