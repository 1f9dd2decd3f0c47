package config

// Expanded is the network's list of layers: that of the file, or the preset's
// (section 8 of the method of arXiv:2212.12522 and arXiv:2306.08744).
func (m ReLU) Expanded() []ReLULayer {
	b := presetBuilder{ReLU: m}
	switch m.Preset {
	case "mlp":
		b.add(FlattenLayer{})
		b.dense(600)
	case "lenet5":
		b.convolve(6, 5, "same")
		b.pool()
		b.convolve(16, 5, "valid")
		b.pool()
		b.convolve(120, 5, "valid")
		b.add(FlattenLayer{})
		b.dense(84)
	case "vgg-mnist":
		b.blocks([]int{64, 64, 128, 128}, []int{256, 256, 256}, []int{512, 512, 512}, []int{512, 512, 512})
		b.dense(512)
		b.dense(512)
	case "vgg-cifar":
		b.blocks([]int{64, 64}, []int{128, 128}, []int{256, 256, 256}, []int{512, 512, 512}, []int{512, 512, 512})
		b.dense(512)
	case "vgg16":
		b.blocks([]int{64, 64}, []int{128, 128}, []int{256, 256, 256}, []int{512, 512, 512}, []int{512, 512, 512})
		b.dense(4096)
		b.dense(4096)
	case "vgg6": // 2010.08262, section 6 of the method
		for i, filters := range []int{128, 256, 256, 512, 1024, 1024} {
			b.convolve(filters, 3, "same")
			if i == 1 || i > 2 {
				b.pool()
			}
		}
		return b.layers
	default:
		return m.Layers
	}
	b.drop()
	b.add(DenseLayer{Units: m.Classes})
	return b.layers
}

// presetBuilder writes the layers of a preset, of the width that is asked for.
type presetBuilder struct {
	ReLU
	layers []ReLULayer
}

func (b *presetBuilder) add(l ...ReLULayer) { b.layers = append(b.layers, l...) }

func (b *presetBuilder) scaled(units int) int { return max(1, units/b.Width) }

func (b *presetBuilder) drop() {
	if b.Dropout > 0 {
		b.add(DropoutLayer{Rate: b.Dropout})
	}
}

// rectify adds ReLU, and batch normalisation on the side where it is wanted.
func (b *presetBuilder) rectify() {
	side := b.BatchNorm
	if side == "published" {
		side = map[string]string{"lenet5": "before-relu", "vgg-cifar": "after-relu"}[b.Preset]
	}
	switch side {
	case "before-relu":
		b.add(defaultBatchNormLayer(), ReLUActivation{})
	case "after-relu":
		b.add(ReLUActivation{}, defaultBatchNormLayer())
	default:
		b.add(ReLUActivation{})
	}
}

func (b *presetBuilder) convolve(filters, size int, padding string) {
	l := defaultConvLayer()
	l.Filters, l.Size, l.Padding = b.scaled(filters), size, padding
	b.add(l)
	b.rectify()
}

func (b *presetBuilder) dense(units int) {
	b.drop()
	b.add(DenseLayer{Units: b.scaled(units)})
	b.rectify()
}

func (b *presetBuilder) pool() { b.add(MaxPoolLayer{Size: 2}) }

// blocks are 3×3 convolutions of so many filters, with a pool after each block, and
// features in the end.
func (b *presetBuilder) blocks(blocks ...[]int) {
	for _, filters := range blocks {
		for _, f := range filters {
			b.convolve(f, 3, "same")
		}
		b.pool()
	}
	b.add(FlattenLayer{})
}
