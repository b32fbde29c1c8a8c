from kill_and_resume import kill_and_resume

CELL = '[[cells]]\noptimizer = "{0}"\nproblem = "quadratic[kappa={1}]"\niterations = {2}\n\n'
#: A second or so each, most of it in the replicates.
REPLICATED = """[[cells]]
optimizer = "sgd[alpha=0.1/L,sampling=batches[size=4,order=reshuffled]]"
problem = "least_squares[samples=30,features=3]"
iterations = 2000
replicates = 400
seed = {0}

"""


def test_killed_runs_resume_to_the_same_bytes(tmp_path):
    cells = [
        (name, kappa, 20_000 + i) for i in range(6) for name, kappa in (("gradient_descent", 100), ("nesterov", 9))
    ]
    suite = tmp_path / "mine.toml"
    suite.write_text("".join(CELL.format(*cell) for cell in cells) + "".join(map(REPLICATED.format, range(4))))
    assert kill_and_resume(str(suite), 4, tmp_path)
