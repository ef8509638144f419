-- A bookshop, planted as in books.py; each request is a transaction that says who asks.
-- psql -f books.sql, or mariadb --comments < books.sql, on a server that logs every statement.
create table authors (id int primary key, name text);
create table books (id int primary key, title text, author_id int);
insert into authors values (1, 'a1'), (2, 'a2'), (3, 'a3'), (4, 'a4'), (5, 'a5'), (6, 'a6'), (7, 'a7'), (8, 'a8');
insert into books values (1, 'b1', 1), (2, 'b2', 2), (3, 'b3', 3), (4, 'b4', 4), (5, 'b5', 5), (6, 'b6', 6), (7, 'b7', 7), (8, 'b8', 8);

begin;
select id, author_id from books /*controller='books',action='list'*/;
select name from authors where id = 1 /*controller='books',action='list'*/;
select name from authors where id = 2 /*controller='books',action='list'*/;
select name from authors where id = 3 /*controller='books',action='list'*/;
select name from authors where id = 4 /*controller='books',action='list'*/;
select name from authors where id = 5 /*controller='books',action='list'*/;
select name from authors where id = 6 /*controller='books',action='list'*/;
select name from authors where id = 7 /*controller='books',action='list'*/;
select name from authors where id = 8 /*controller='books',action='list'*/;
commit;

begin;
select title from books where id = 3 /*controller='books',action='show'*/;
select title from books where id = 3 /*controller='books',action='show'*/;
commit;

begin;
select title from books where id = 4 /*controller='books',action='rename'*/;
update books set title = 'new' where id = 4 /*controller='books',action='rename'*/;
select title from books where id = 4 /*controller='books',action='rename'*/;
commit;
