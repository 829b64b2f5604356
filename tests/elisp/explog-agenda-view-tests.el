;;; explog-agenda-view-tests.el --- Tests of the agenda view  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The view shows what org's own matcher shows, to the last text property:
;; on random logs, under random options, both are made and compared.

;;; Code:

(require 'explog-test)
(require 'explog-agenda)
(require 'explog-agenda-view)
(require 'org-agenda)
(require 'org-duration)

(defmacro explog-agenda-view-tests--in-folder (&rest body)
  "Do BODY in a folder of its own, with agendas in this window."
  (declare (indent 0) (debug t))
  `(explog-test-in-folder
     (let ((org-agenda-custom-commands nil)
           (org-agenda-files nil)
           (org-agenda-sticky nil)
           (org-agenda-window-setup 'current-window))
       (save-window-excursion
         (switch-to-buffer (generate-new-buffer "*Org start*"))
         ,@body))))

;;;; Org's own

(defun explog-agenda-view-tests--skip ()
  "Skip what is no experiment, for `org-agenda-skip-function'."
  (unless (save-excursion
            (beginning-of-line)
            (explog-heading-experiment-id))
    (line-end-position)))

(defun explog-agenda-view-tests--org (keywords)
  "Have org's matcher make the agenda for KEYWORDS, nil for all."
  (let ((org-agenda-files (explog-agenda-files))
        (org-agenda-prefix-format explog-agenda-prefix-format)
        (org-agenda-dim-blocked-tasks nil)
        (org-agenda-skip-function #'explog-agenda-view-tests--skip)
        (org-tags-match-list-sublevels (or org-tags-match-list-sublevels t)))
    (cl-letf* ((format-item (symbol-function 'org-agenda-format-item))
               ((symbol-function 'org-agenda-format-item)
                ;; Until org 9.6 inherited tags were not those of `org-get-tags'.
                (lambda (extra text level category _tags &rest rest)
                  (apply format-item extra text level category (org-get-tags) rest))))
      (org-tags-view nil (if keywords
                             (mapconcat (lambda (keyword) (format "TODO=\"%s\"" keyword))
                                        keywords "|")
                           "LEVEL>0")))))

(defun explog-agenda-view-tests--ours (match)
  "Have `explog-agenda-view' make the agenda for MATCH."
  (let ((org-agenda-dim-blocked-tasks nil))
    (explog-agenda-view match)))

(defconst explog-agenda-view-tests--apart
  '(explog-id org-redo-cmd org-last-args org-series-cmd effort effort-minutes org-stats
              org-heading :org-comment :org-archived)
  "Text properties that are not the same.
Where in the line the effort is depends on the version of org, and of
the heading its beginning counts.")

(defun explog-agenda-view-tests--lines ()
  "Return the entries of the agenda buffer: text, and the properties of its parts."
  (with-current-buffer org-agenda-buffer-name
    (let (lines)
      (goto-char (point-min))
      (while (not (eobp))
        (when (org-get-at-bol 'org-hd-marker)
          (push (cons (list (buffer-substring-no-properties (point) (line-end-position))
                            (when-let ((start (text-property-any
                                               (point) (line-end-position) 'org-heading t)))
                              (- start (point))))
                      (explog-agenda-view-tests--properties))
                lines))
        (forward-line))
      (nreverse lines))))

(defun explog-agenda-view-tests--properties ()
  "Return the text properties of each character of this line."
  (let (all)
    (dolist (position (number-sequence (point) (1- (line-end-position))))
      (let (some)
        (cl-loop for (key value) on (text-properties-at position) by #'cddr
                 when (and value (not (memq key explog-agenda-view-tests--apart)))
                 do (push (cons key (explog-agenda-view-tests--plain key value)) some))
        (push some all)))
    (nreverse all)))

(defun explog-agenda-view-tests--plain (key value)
  "Return VALUE of the text property KEY as something that `equal' compares."
  (pcase key
    ((guard (markerp value)) (list (marker-buffer value) (marker-position value)))
    ('tags (mapcar #'substring-no-properties (delete-dups (copy-sequence value))))
    ((guard (stringp value)) (substring-no-properties value))
    (_ value)))

;;;; Random logs

(defun explog-agenda-view-tests--any (&rest choices)
  "Return one of CHOICES."
  (nth (random (length choices)) choices))

(defun explog-agenda-view-tests--heading (id level)
  "Return a random heading of LEVEL, perhaps an experiment ID, and what is beneath."
  (let ((form (explog-agenda-view-tests--any 'brackets 'angles 'custom 'id 'mention nil))
        (any #'explog-agenda-view-tests--any))
    (concat
     (make-string level ?*) " "
     (funcall any "" "" "TODO " "INPROGRESS " "WAIT " "DONE " "TODO  " "todo " "TODOS ")
     (funcall any "" "" "" "[#A] " "[#C] ")
     (funcall any "" "" "" "" "" "COMMENT ")
     (pcase form
       ('brackets (format "[%s] " id))
       ('angles (format "<<%s>> " id)))
     (funcall any "Title" "Ünïcode 学習" "Title [1/2]" "[50%] x[3]" "[[https://a.b][link]] c"
              "COMMENT not" "TODO not" "x")
     (if (eq form 'mention) (format " as [%s]" id) "")
     (funcall any "" "" "  :exp:" "\t:exp_a:work:" " :work:" " :expert:" "  :exp:ARCHIVE:"
              " :work:exp:  " " :ARCHIVE:" " :exp:other:" " :exp" " exp:")
     "\n"
     (funcall any "" "" "  SCHEDULED: <2024-01-02 Tue>\n" "DEADLINE: <2024-01-09 Tue>\n")
     (let ((more (concat (funcall any "" "" "" ":CATEGORY: some cat\n")
                         (funcall any "" "" "" ":Effort: 1:30\n"))))
       (pcase form
         ('custom (format ":PROPERTIES:\n:CUSTOM_ID: %s\n%s:END:\n" id more))
         ('id (format "  :properties:\n  :id:  %s\n%s  :end:\n" id more))
         (_ (if (equal more "") "" (format ":PROPERTIES:\n%s:END:\n" more)))))
     (funcall any "" "- prose [99]\n1. [ ] step\n" "#+begin_src sh\n ls [7]\n#+end_src\n"
              "[2018-06-06 Wed 16:16]\n"))))

(defun explog-agenda-view-tests--log (first)
  "Return the text of a random log with ids from FIRST on."
  (let ((level 0) (any #'explog-agenda-view-tests--any))
    (concat
     (funcall any "" "" "# comment\n" ":PROPERTIES:\n:CATEGORY: drawer\n:END:\n")
     (funcall any "" "" "#+FILETAGS: exp\n" "#+filetags: :work:exp_b:\n" "#+FILETAGS: :ARCHIVE:\n")
     (funcall any "" "" "#+CATEGORY: mine\n")
     (funcall any "#+TODO: TODO INPROGRESS WAIT | DONE\n" "#+TODO: TODO(t) WAIT(w@/!) | DONE(d)\n"
              "#+SEQ_TODO: TODO INPROGRESS DONE\n" "")
     (funcall any "" "Prose.\n")
     (mapconcat (lambda (n)
                  (setq level (1+ (random (min 5 (1+ level)))))
                  (explog-agenda-view-tests--heading (format "%d" (+ first n)) level))
                (number-sequence 0 (random 25)) ""))))

(defconst explog-agenda-view-tests--options
  '((org-use-tag-inheritance t nil "^w" ("work"))
    (org-tags-exclude-from-inheritance nil ("work"))
    (org-tags-match-list-sublevels t indented)
    (org-agenda-skip-archived-trees t nil)
    (org-agenda-skip-comment-trees t nil)
    (org-agenda-archives-mode nil trees)
    (org-agenda-show-inherited-tags t nil always)
    (org-agenda-hide-tags-regexp nil "exp\\|work")
    (org-agenda-remove-tags nil t)
    (org-agenda-tags-column auto -60 70)
    (org-agenda-todo-keyword-format "%-1s" "%-12s:" "")
    (org-agenda-sorting-strategy
     ((tags priority-down category-keep)) ((tags todo-state-up alpha-up))
     ((tags category-up tag-down)) (tag-up todo-state-down) ((tags scheduled-up deadline-down))
     ((tags timestamp-down priority-up)))
    (org-agenda-max-entries nil 3 -2)
    (org-agenda-max-tags nil 2)
    (org-agenda-max-todos nil ((tags . 2)))
    (org-agenda-with-colors t nil)
    (org-agenda-fontify-priorities cookies t nil)
    (org-odd-levels-only nil t)
    (org-group-tags t nil)
    (org-todo-keyword-faces nil (("WAIT" . "orange") ("DONE" . bold)))
    (org-agenda-before-sorting-filter-function
     nil (lambda (entry) (and (< (get-text-property 0 'priority entry) 2000) entry)))
    (org-agenda-skip-function-global
     nil (org-agenda-skip-entry-if 'scheduled) (org-agenda-skip-subtree-if 'todo '("WAIT")))
    (explog-agenda-prefix-format " %i %-12:c%s" "%l%c %T|" "%(org-get-priority \"\") "))
  "Options and values to try, the first being the most likely.")

(defun explog-agenda-view-tests--pick ()
  "Return random values of `explog-agenda-view-tests--options', an alist."
  (mapcar (pcase-lambda (`(,option . ,values))
            (cons option (if (zerop (random 4))
                             (apply #'explog-agenda-view-tests--any values)
                           (car values))))
          explog-agenda-view-tests--options))

(defun explog-agenda-view-tests--same (keywords)
  "Fail unless both agendas for KEYWORDS are the same; return how many entries."
  (explog-agenda-view-tests--org keywords)
  (let ((theirs (explog-agenda-view-tests--lines)))
    (explog-agenda-view-tests--ours keywords)
    (let ((ours (explog-agenda-view-tests--lines)))
      (should (equal (mapcar #'car ours) (mapcar #'car theirs)))
      (cl-mapc (lambda (our their)
                 (cl-mapc (lambda (one other)
                            (ert-info ((format "%S" (car our)))
                              (should-not (cl-set-difference one other :test #'equal))
                              (should-not (cl-set-difference other one :test #'equal))))
                          (cdr our) (cdr their)))
               ours theirs)
      (explog-agenda-view-tests--check-effort)
      (length ours))))

(defun explog-agenda-view-tests--check-effort ()
  "Fail unless the entries have the effort that org knows of."
  (goto-char (point-min))
  (while (not (eobp))
    (when-let ((marker (org-get-at-bol 'org-hd-marker)))
      (let ((effort (org-entry-get marker "Effort")))
        (should (equal effort (org-get-at-eol 'effort 1)))
        (should (equal effort (org-get-at-bol 'effort)))
        (should (equal (and effort (org-duration-to-minutes effort))
                       (org-get-at-eol 'effort-minutes 1)))))
    (forward-line)))

(ert-deftest explog-agenda-view-test-as-org ()
  "On random logs under random options the view is what org's matcher makes."
  (random "explog agenda")
  (let ((entries 0))
    (dotimes (round 40)
      (explog-agenda-view-tests--in-folder
        (let ((picked (explog-agenda-view-tests--pick))
              (explog-agenda-extra-format "")
              (org-todo-keywords '((sequence "TODO" "INPROGRESS" "|" "DONE")))
              (org-duration-format 'h:mm))
          (explog-test-write "a.org" (explog-agenda-view-tests--log 100))
          (explog-test-write "b.org" (explog-agenda-view-tests--log 500))
          (ert-info ((format "round %d: %S" round picked))
            (cl-progv (mapcar #'car picked) (mapcar #'cdr picked)
              (when (zerop (random 2))  ; a log that is not saved
                (with-current-buffer (find-file-noselect "a.org")
                  (goto-char (point-max))
                  (insert "\n* TODO [99] New :exp:\n")))
              (dolist (keywords '(("TODO") ("INPROGRESS" "WAIT") ("DONE") nil))
                (cl-incf entries (explog-agenda-view-tests--same keywords))))))))
    (should (> entries 300))))

;;;; Queries

(defun explog-agenda-view-tests--ids (match)
  "Return the ids in the agenda for MATCH, in order."
  (explog-agenda-view-tests--ours match)
  (let (ids)
    (goto-char (point-min))
    (while (not (eobp))
      (when-let ((id (org-get-at-bol 'explog-id)))
        (push id ids))
      (forward-line))
    (nreverse ids)))

(ert-deftest explog-agenda-view-test-states-and-tags ()
  "What a query says of states, tags and logs needs no server."
  (explog-agenda-view-tests--in-folder
    (explog-test-write "a.org" "#+TODO: TODO INPROGRESS | DONE\n* TODO [1] A :exp:\n* INPROGRESS [2] B :exp:vision:\n** [3] C\n* DONE [4] D :exp:\n")
    (explog-test-write "b.org" "* TODO [5] E :exp_x:\n")
    (with-current-buffer (find-file-noselect "a.org")
      (goto-char (point-max))
      (insert "* TODO [6] F :exp:vision:\n")) ; not saved
    (pcase-dolist (`(,match . ,ids)
                   '(("state:TODO" "1" "6" "5")
                     ("state:todo" "1" "6" "5")
                     ("state:TODO OR state:DONE" "1" "4" "6" "5")
                     ("state:TODO tag:vision" "6")
                     ("state:TODO OR tag:vision" "1" "2" "3" "6" "5")
                     ("tag:vision -state:TODO" "2" "3")
                     ("-state:TODO -tag:vision" "4")
                     ("tag:\"vision\"" "2" "3" "6")
                     ("log:b" "5")
                     ("-log:b.org state:TODO" "1" "6")
                     ("state:NONE")
                     (("TODO") "1" "6" "5")
                     (("todo"))
                     (nil "1" "2" "3" "4" "6" "5")))
      (ert-info ((format "%S" match))
        (should (equal (explog-agenda-view-tests--ids match) ids))))))

(ert-deftest explog-agenda-view-test-parts-of-a-query ()
  "What a query says of headings is taken out of it; the server is asked the rest.
The server reads the queries of this table alike."
  (dolist (row (with-temp-buffer
                 (insert-file-contents
                  (expand-file-name "tests/data/queries.json" explog-test-root))
                 (json-parse-buffer :object-type 'plist :array-type 'list
                                    :null-object nil :false-object nil)))
    (let ((query (explog-agenda-query-read (plist-get row :query))))
      (ert-info ((plist-get row :query) :prefix "Query: ")
        (should (equal (plist-get row :rest) (explog-agenda-query-rest query)))
        (should (equal (mapcar (pcase-lambda (`(,negative ,terms))
                                 (cons negative
                                       (mapcar (pcase-lambda (`(,name ,value))
                                                 (cons name value))
                                               terms)))
                               (plist-get row :own))
                       (explog-agenda-query-clauses query)))))))

(ert-deftest explog-agenda-view-test-without-a-server ()
  "A query that needs the server says so in the agenda; g is there to try again."
  (explog-agenda-view-tests--in-folder
    (explog-test-write "a.org" "* TODO [1] A :exp:\n")
    (should-not (explog-agenda-view-tests--ids "adam"))
    (goto-char (point-min))
    (should (search-forward "explog-mode" nil t))
    (should (equal (get-text-property (point-min) 'org-redo-cmd)
                   '(explog-agenda-view '"adam"))))
  (should-error (explog-agenda-query-read '(TODO)) :type 'user-error))

;;;; Among the user's own commands

(ert-deftest explog-agenda-view-test-block ()
  "It may be a block among others, and each block has what is its own."
  (explog-agenda-view-tests--in-folder
    (explog-test-write "a.org" "* TODO [1] A :exp:\n* DONE [2] B :exp:\n")
    (let* ((mine (explog-test-write "x/mine.org" "* TODO Mine :home:\n"))
           (org-agenda-files (list mine))
           (org-agenda-remove-tags t)
           (org-agenda-custom-commands
            '(("x" "Both" ((tags "home") (explog-agenda-view "state:DONE")
                           (explog-agenda-view nil ((org-agenda-overriding-header "All"))))))))
      (dotimes (_ 2)
        (org-agenda nil "x")
        (should (equal (mapcar (lambda (line) (string-trim (substring (caar line) 14)))
                               (explog-agenda-view-tests--lines))
                       '("TODO Mine" "DONE [2] B" "TODO [1] A" "DONE [2] B")))
        (org-agenda-redo)))))

(ert-deftest explog-agenda-view-test-restricted ()
  "A restriction to a subtree holds, and what is above it counts all the same."
  (explog-agenda-view-tests--in-folder
    (let ((file (explog-test-write "a.org" "* Vision :exp:\n** TODO [1] A\n*** TODO [2] B\n** TODO [3] C\n* TODO [4] D :exp:\n")))
      (find-file file)
      (explog-test-goto "[1]")
      (org-agenda-set-restriction-lock 'subtree)
      (unwind-protect
          (should (equal (explog-agenda-view-tests--ids nil) '("1" "2")))
        (org-agenda-remove-restriction-lock 'noupdate))
      (should (equal (explog-agenda-view-tests--ids nil) '("1" "2" "3" "4"))))))

(ert-deftest explog-agenda-view-test-settings-of-a-command ()
  "The settings of a command win over options of explog, and those over org's."
  (explog-agenda-view-tests--in-folder
    (explog-test-write "a.org" "* TODO Title :exp:\n:PROPERTIES:\n:CUSTOM_ID: 1\n:END:\n")
    (let ((org-agenda-custom-commands
           '(("x" "" explog-agenda-view nil ((org-agenda-prefix-format "mine ")))
             ("y" "" explog-agenda-view nil nil)))
          (org-agenda-remove-tags t))
      (org-agenda nil "x")
      (should (equal (caaar (explog-agenda-view-tests--lines)) "mine TODO Title"))
      (org-agenda nil "y")
      (should (equal (caaar (explog-agenda-view-tests--lines))
                     "  a:                        [1] TODO Title"))
      (let ((explog-agenda-extra-format "%-5i|"))
        (org-agenda nil "y")
        (should (equal (caaar (explog-agenda-view-tests--lines))
                       "  a:          [1]  |TODO Title"))))))

(ert-deftest explog-agenda-view-test-facts ()
  "What the server knows is told; of two logs with an id, each gets its own."
  (explog-agenda-view-tests--in-folder
    (let ((a (explog-test-write "a.org" "* TODO [1] A :exp:\n* TODO [2] B :exp:\n"))
          (b (explog-test-write "b.org" "* TODO [1] C :exp:\n"))
          (org-agenda-remove-tags t)
          (now (time-convert nil 'integer)))
      (cl-letf (((symbol-function 'char-displayable-p) #'always)
                ((symbol-function 'explog-agenda-query-facts)
                 (lambda (ids)
                   (should (equal ids '("1" "2" "1")))
                   (let ((table (make-hash-table :test #'equal)))
                     (puthash "1" `([,"1" ,b 2 3 nil nil "2:31 node7"] [,"1" ,a 0 0 ,now nil nil])
                              table)
                     (puthash "2" `([,"2" ,a 1 10 ,(- now (* 12 24 60 60)) nil nil]) table)
                     table))))
        (explog-agenda-view-tests--ours nil)
        (should (equal (mapcar #'caar (explog-agenda-view-tests--lines))
                       '("  a:                     0d TODO [1] A"
                         "  a:           [1/10]   12d TODO [2] B"
                         "  b:            [2/3]     - ▶ 2:31 node7 TODO [1] C")))))))

(ert-deftest explog-agenda-view-test-leaves-nothing-to-undo ()
  "An agenda that is made anew is nothing to undo, and undo is on in it."
  (explog-agenda-view-tests--in-folder
    (explog-test-write "a.org" "* TODO [1] A :exp:\n")
    (dotimes (_ 2)
      (explog-agenda-view nil)
      (should (listp buffer-undo-list))
      (should-not buffer-undo-list))))

(provide 'explog-agenda-view-tests)
;;; explog-agenda-view-tests.el ends here
