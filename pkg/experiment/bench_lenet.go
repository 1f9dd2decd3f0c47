package experiment

import (
	"github.com/snnctl/snnctl/internal/autodiff"
)

// lenet is LeNet-5 with ReLU and max pooling, on images of 28×28,
//
//	conv 5×5 (1→6, padding 2), ReLU, max pool 2×2, conv 5×5 (6→16), ReLU, max pool 2×2,
//	conv 5×5 (16→120), ReLU, dense 120→84, ReLU, dense 84→10
//
// and a batch of images with their classes; the loss is the cross-entropy.
type lenet struct {
	threads int
	images  *autodiff.Var[float32]
	classes []int
	convs   []leNetLayer // weights [out][in][5][5]
	dense   []leNetLayer // weights [in][out]
	tape    autodiff.Tape[float32]
}

type leNetLayer struct{ weights, bias *autodiff.Var[float32] }

const leNetSide = 28

// leNetFLOPs are the additions and multiplications of the convolutions for one image,
// counted as convFLOPs.
const leNetFLOPs = 2 * 25 * (2*6*28*28 + 3*6*16*10*10 + 3*16*120)

func newLeNet(batch, threads int) *lenet {
	n := &lenet{threads: threads, images: autodiff.Constant(convNumbers(0, 1, batch, 1, leNetSide, leNetSide))}
	for i := range batch {
		n.classes = append(n.classes, i%10)
	}
	layer := func(name uint64, outputs int, shape ...int) leNetLayer {
		return leNetLayer{autodiff.NewVar(convNumbers(name, 0.1, shape...)), autodiff.NewVar(convNumbers(name+10, 0.1, outputs))}
	}
	n.convs = []leNetLayer{layer(1, 6, 6, 1, 5, 5), layer(2, 16, 16, 6, 5, 5), layer(3, 120, 120, 16, 5, 5)}
	n.dense = []leNetLayer{layer(4, 84, 120, 84), layer(5, 10, 84, 10)}
	return n
}

func (n *lenet) pass() *autodiff.Var[float32] {
	t, x := &n.tape, n.images
	t.Reset()
	for i, l := range n.convs {
		axis := autodiff.Axis{}
		if i == 0 {
			axis.Padding = 2
		}
		x = autodiff.ReLU(t, n.threads, autodiff.Conv2D(t, n.threads, x, l.weights, l.bias, axis, axis, 1))
		if i < 2 {
			x = autodiff.MaxPool2D(t, n.threads, x, autodiff.Pool{Size: 2}, autodiff.Pool{Size: 2})
		}
	}
	x = autodiff.ReLU(t, n.threads, autodiff.Linear(t, autodiff.Flatten(x), n.dense[0].weights, n.dense[0].bias))
	loss := autodiff.SoftmaxCrossEntropy(t, autodiff.Linear(t, x, n.dense[1].weights, n.dense[1].bias), n.classes)
	t.Backward(loss)
	return loss
}
