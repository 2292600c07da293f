"""datasette-newsfeed: a folder of articles becomes a database and a site."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

setup(
    name="datasette-newsfeed",
    version="0.1",
    description="Turn a folder of news articles into a relational SQLite database and a site",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["datasette_newsfeed", "datasette_newsfeed.*"]),
    package_data={
        "datasette_newsfeed": [
            "templates/*.html",
            "default_templates/*.html",
            "default_templates_065/*.html",
            "static/*",
            "everyday_words.txt",
        ]
    },
    python_requires=">=3.11",
    install_requires=[
        "datasette>=0.65.5",
        "sqlite-utils>=4.2",
        "python-frontmatter>=1.1",
        "PyYAML>=6.0.1",
        "pluggy",
        "click",
        "docutils>=0.20",
        "w3lib>=2.1",
        "nh3>=0.2.18",
        "markdown-it-py>=3",
        "idna>=3.7",
        "pyroaring>=1.0",
        "snowballstemmer>=2.2",
        "stop-words>=2025.11",
    ],
    extras_require={
        # Connections go through a part of httpcore's own: a new major version is tried first.
        "images": ["Pillow>=11.3", "httpx>=0.28,<1", "httpcore>=1.0,<2", "stamina>=25.1"],
        # Without them 10,000 articles can be compared, in plain Python.
        "relate": ["numpy>=1.26", "scipy>=1.12"],
        "collect": ["feedparser>=6.0.11,<7"],
        "all": ["datasette-newsfeed[images,relate,collect]"],
        "test": [
            "pytest",
            "pytest-asyncio",
            "pytest-xdist",
            "hypothesis",
            "datasette-block-robots",
            "datasette-sitemap",
            "feedparser>=6.0.11",
            "jsonschema>=4",
            "lxml>=5",
            "playwright",
            "axe-playwright-python",
            "Pillow>=11.3",
            "cogapp",
        ],
        # Pinned: a newer linter must not turn a checkout of today red.
        "lint": ["ruff==0.17.6", "mypy==2.4.1", "types-PyYAML"],
    },
    entry_points={
        "datasette": ["newsfeed = datasette_newsfeed"],
        "sqlite_utils": ["newsfeed = datasette_newsfeed.cli"],
    },
    classifiers=[
        "Framework :: Datasette",
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
    ],
)
