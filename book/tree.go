package book

import "github.com/google/btree"

// degree of the trees: 16 to 64 measure alike.
const degree = 32

// tree is one side of a book whose numbers fit no grid: levels by price,
// best first.
type tree struct {
	levels *btree.BTreeG[Level]
}

func newTree(descending bool) tree {
	less := func(a, b Level) bool { return a.Price.Cmp(b.Price) < 0 }
	if descending {
		less = func(a, b Level) bool { return a.Price.Cmp(b.Price) > 0 }
	}
	return tree{btree.NewG(degree, less)}
}

// set puts a level, or removes it if its size is zero and keep is false.
func (t tree) set(l Level, keep bool) {
	if l.Size.IsZero() && !keep {
		t.levels.Delete(l)
		return
	}
	t.levels.ReplaceOrInsert(l)
}

func (t tree) best() Level {
	l, _ := t.levels.Min()
	return l
}

func (t tree) appendTo(dst []Level, n int) []Level {
	t.levels.Ascend(func(l Level) bool {
		dst = append(dst, l)
		n--
		return n != 0
	})
	return dst
}

// at is the level of a rank, absent if there are fewer.
func (t tree) at(rank int) (found Level) {
	if rank < 0 {
		return Level{}
	}
	t.levels.Ascend(func(l Level) bool {
		rank--
		found = l
		return rank >= 0
	})
	if rank >= 0 {
		return Level{}
	}
	return found
}
