# text classification with a bag of words, then with an EmbeddingBag over offsets
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)
data = [("me gusta comer en la cafeteria".split(), "SPANISH"),
        ("Give it to me".split(), "ENGLISH"),
        ("No creo que sea una buena idea".split(), "SPANISH"),
        ("No it is not a good idea to get lost at sea".split(), "ENGLISH")]
test_data = [("Yo creo que si".split(), "SPANISH"), ("it is lost on me".split(), "ENGLISH")]
word_to_ix = {}
for sent, _ in data + test_data:
    for word in sent:
        if word not in word_to_ix:
            word_to_ix[word] = len(word_to_ix)
print(len(word_to_ix))
VOCAB_SIZE, NUM_LABELS = len(word_to_ix), 2
label_to_ix = {"SPANISH": 0, "ENGLISH": 1}


class BoWClassifier(nn.Module):
    def __init__(self, num_labels, vocab_size):
        super(BoWClassifier, self).__init__()
        self.linear = nn.Linear(vocab_size, num_labels)

    def forward(self, bow_vec):
        return F.log_softmax(self.linear(bow_vec), dim=1)


def make_bow_vector(sentence, word_to_ix):
    vec = torch.zeros(len(word_to_ix))
    for word in sentence:
        vec[word_to_ix[word]] += 1
    return vec.view(1, -1)


def make_target(label, label_to_ix):
    return torch.LongTensor([label_to_ix[label]])


model = BoWClassifier(NUM_LABELS, VOCAB_SIZE)
for param in model.parameters():
    param.data.fill_(0.01)
loss_function = nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(30):
    for instance, label in data:
        model.zero_grad()
        log_probs = model(make_bow_vector(instance, word_to_ix))
        loss = loss_function(log_probs, make_target(label, label_to_ix))
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    for instance, label in test_data:
        log_probs = model(make_bow_vector(instance, word_to_ix))
        print(label, log_probs, log_probs.exp().sum().item(), int(torch.argmax(log_probs)))
print(next(model.parameters())[:, word_to_ix["creo"]])


class NGram(nn.Module):
    def __init__(self, vocab_size, embedding_dim, context_size):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.linear1 = nn.Linear(context_size * embedding_dim, 12)
        self.linear2 = nn.Linear(12, vocab_size)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        out = F.relu(self.linear1(embeds))
        return F.log_softmax(self.linear2(out), dim=1)


words = data[3][0] + data[1][0]
ngrams = [([words[i - j - 1] for j in range(2)], words[i]) for i in range(2, len(words))]
model = NGram(VOCAB_SIZE, 5, 2)
for k, param in enumerate(model.parameters()):
    n = param.numel()
    param.data = (torch.arange(n, dtype=torch.float32).reshape(param.shape) * (0.7 + k)).sin() * 0.5
optimizer = optim.Adagrad(model.parameters(), lr=0.1)
losses = []
for epoch in range(5):
    total_loss = 0
    for context, target in ngrams:
        context_idxs = torch.tensor([word_to_ix[w] for w in context], dtype=torch.long)
        model.zero_grad()
        loss = loss_function(model(context_idxs), torch.tensor([word_to_ix[target]], dtype=torch.long))
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
    losses.append(total_loss)
print(losses)
print(model.embeddings.weight[word_to_ix["lost"]].data)

tokens = torch.tensor([word_to_ix[w] for sent, _ in data for w in sent])
print(torch.bincount(tokens).max(), torch.unique(tokens).numel(), tokens.float().mean())
