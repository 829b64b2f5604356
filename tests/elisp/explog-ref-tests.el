;;; explog-ref-tests.el --- Tests of references and their buttons  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; What is a reference, which one is at point, how it looks, and that
;; nothing is left of it when the mode is turned off.  What is known of
;; experiments is put where the server's answers are kept.

;;; Code:

(require 'explog-test)
(require 'explog-cache)
(require 'explog-ref)
(require 'explog-xref)

;;;; Helpers

(defconst explog-ref-tests--201
  (explog-test-experiment
   :ident "201" :title "ABC in \\[XYZ]" :todo "INPROGRESS" :file "/log.org" :line 4
   :steps '((:number "1" :box "X" :text "Test XYZ without ABC" :hash "83d45cd" :line 14
             :repository "/repo" :commit "83d45cd1128a8feda93af551ba099234fa52c48b")
            (:number "1.2" :box " " :text "again" :hash nil :line 15
             :repository nil :commit nil)
            (:number "2" :box nil :text "no box" :hash "1234567" :line 16
             :repository nil :commit nil)))
  "An experiment as it is known.")

(defmacro explog-ref-tests--knowing (values &rest body)
  "Do BODY while VALUES, an alist of ids, are what is known of experiments.
What is asked for meanwhile is pushed to the variable `asked'."
  (declare (indent 1) (debug t))
  `(let ((explog-cache--young (make-hash-table :test #'equal))
         (explog-cache--old (make-hash-table :test #'equal))
         (explog-cache--problems nil)
         (asked nil))
     (ignore asked)
     (clrhash explog-ref--categories)
     (pcase-dolist (`(,id . ,value) ,values)
       (puthash id (cons explog-cache--tick value) explog-cache--young))
     (cl-letf (((symbol-function 'explog-cache--want) (lambda (id) (push id asked))))
       ,@body)))

(defun explog-ref-tests--learn (id value)
  "Let VALUE be known of experiment ID, and tell those who show it."
  (puthash id (cons explog-cache--tick value) explog-cache--young)
  (run-hook-with-args 'explog-cache-changed-functions (list id)))

(defun explog-ref-tests--fontify ()
  "Do what redisplay would do to the whole buffer."
  (jit-lock-fontify-now (point-min) (point-max)))

(defun explog-ref-tests--buttons ()
  "Return (TEXT FACE) of the buttons of this buffer that look like one, in order."
  (let (buttons)
    (dolist (overlay (overlays-in (point-min) (point-max)))
      (when-let ((face (and (overlay-get overlay 'explog-ref-target)
                            (overlay-get overlay 'face))))
        (push (list (overlay-start overlay)
                    (buffer-substring-no-properties (overlay-start overlay)
                                                    (overlay-end overlay))
                    face)
              buttons)))
    (mapcar #'cdr (sort buttons (lambda (one other) (< (car one) (car other)))))))

(defmacro explog-ref-tests--with-text (text &rest body)
  "Do BODY in a buffer with TEXT, where the mode is on and redisplay was."
  (declare (indent 1) (debug t))
  `(with-temp-buffer
     (insert ,text)
     (unwind-protect
         (progn
           (explog-ref-mode 1)
           (explog-ref-tests--fontify)
           ,@body)
       (explog-ref-mode -1))))

;;;; The grammar, as the server reads it too

(defun explog-ref-tests--table ()
  "Return the table of references that the server is tested with as well."
  (with-temp-buffer
    (insert-file-contents (expand-file-name "tests/data/references.json" explog-test-root))
    (json-parse-buffer :object-type 'plist :array-type 'list)))

(ert-deftest explog-ref-test-what-is-a-reference ()
  "Buttons are where the table says, and lead where it says."
  (let ((rows (explog-ref-tests--table)))
    (should (> (length rows) 50))
    (explog-ref-tests--knowing nil
      (dolist (row rows)
        (ert-info ((plist-get row :text) :prefix "Text: ")
          (explog-ref-tests--with-text (plist-get row :text)
            (let ((case-fold-search t))
              (explog-ref-tests--fontify))
            (should (equal
                     (mapcar (lambda (overlay)
                               (pcase-let ((`(,id ,step ,_)
                                            (overlay-get overlay 'explog-ref-target)))
                                 (explog-ref-string id step)))
                             (sort (overlays-in (point-min) (point-max))
                                   (lambda (one other)
                                     (< (overlay-start one) (overlay-start other)))))
                     (plist-get row (if (plist-member row :buttons)
                                        :buttons :references))))))))))

(ert-deftest explog-ref-test-parts-of-a-buffer ()
  "However the text is cut into parts, each reference has one button."
  (explog-ref-tests--knowing nil
    (explog-ref-tests--with-text "see [e201.1][e202] and\nhttps://x.org/[e203] or [e204.1.2]"
      (let ((all (explog-ref-tests--buttons)))
        (should (= 3 (length all)))
        (dolist (size '(1 2 5 7 13))
          (cl-loop for start from (point-min) below (point-max) by size
                   do (explog-ref-button-fontify start (min (point-max) (+ start size))))
          (should (equal all (explog-ref-tests--buttons))))))))

(ert-deftest explog-ref-test-a-line-of-megabytes ()
  "A very long line is not looked at beyond the part that is shown."
  (explog-ref-tests--knowing nil
    (with-temp-buffer
      (dotimes (_ 20000)
        (insert "[e201.1] {\"loss\": [0.1, 0.2], \"x\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyy\"} "))
      (explog-ref-button-fontify 100000 101000)
      (should (< 10 (length (overlays-in (point-min) (point-max))) 20)))))

(ert-deftest explog-ref-test-parse ()
  "References are read with and without brackets, and nothing else is."
  (should (equal '("201" . "1.2") (explog-ref-parse "e201.1.2")))
  (should (equal '("201") (explog-ref-parse "201")))
  (should (equal '("2-a_B" . "7") (explog-ref-parse "[e2-a_B.007]")))
  (dolist (text '("" "e" "201." "x" "201 1" "e201]x" "E201" "201.1 [e3]"))
    (should-not (explog-ref-parse text))))

;;;; At point

(ert-deftest explog-ref-test-at-point ()
  "Point is on a reference from its first bracket until right behind its last."
  (with-temp-buffer
    (insert "a [e201.1][e202] x [e]")
    (cl-loop for (column . expected) in '((0) (1) (2 "201" . "1") (6 "201" . "1")
                                          (9 "201" . "1") (10 "202") (15 "202")
                                          (16 "202") (17) (20))
             do (goto-char (1+ column))
             (ert-info ((format "%d" column) :prefix "Column: ")
               (should (equal expected (explog-ref-at-point)))))))

(ert-deftest explog-ref-test-at-point-in-a-log ()
  "In a log it is the experiment, and the step, that point is in."
  (explog-test-with-log "\
Before [e7.1].
* TODO [201] ABC :exp:
Text, see [e202.1].
** TODO Experiments
1. [ ] one
   more of it
   1. [ ] inner
5. [@5] five
   - bullet
** Notes
1. [ ] not a step
* Other
"
    (pcase-dolist (`(,text . ,expected)
                   '(("Before")
                     ("[e7.1]" "7" . "1")
                     ("* TODO [201]" "201")
                     ("ABC" "201")
                     ("Text" "201")
                     ("[e202.1]" "202" . "1")
                     ("TODO Experiments" "201")
                     ("one" "201" . "1")
                     ("more" "201" . "1")
                     ("inner" "201" . "1.1")
                     ("five" "201" . "5")
                     ("bullet" "201" . "5")
                     ("Notes" "201")
                     ("not a step" "201")
                     ("* Other")))
      (explog-test-goto text)
      (ert-info (text :prefix "At: ")
        (should (equal expected (explog-ref-at-point)))))
    (explog-test-goto "inner")
    (narrow-to-region (line-beginning-position) (line-end-position))
    (should (equal '("201" . "1.1") (explog-ref-at-point)))
    (should (buffer-narrowed-p))))

;;;; What it says

(ert-deftest explog-ref-test-describe ()
  "One line tells what a reference stands for."
  (explog-ref-tests--knowing
      `(("201" . ,explog-ref-tests--201)
        ("202" . ,(explog-test-experiment :ident "202" :title "DEF" :archived t
                                          :problem "202 is twice"))
        ("999" . unknown)
        ("2e" . other))
    (pcase-dolist (`(,id ,step . ,text)
                   '(("201" "1" . "ABC in \\[XYZ] · 1 Test XYZ without ABC ☑ 83d45cd")
                     ("201" "1.2" . "ABC in \\[XYZ] · 1.2 again ☐")
                     ("201" "2" . "ABC in \\[XYZ] · 2 no box 1234567")
                     ("201" "3" . "ABC in \\[XYZ] · there is no step 3")
                     ("201" nil . "ABC in \\[XYZ] · INPROGRESS [1/2]")
                     ("202" nil . "DEF · archived · 202 is twice")
                     ("999" "1" . "No log has experiment 999")
                     ("2e" nil)
                     ("7" nil)))
      (cl-letf (((symbol-function 'char-displayable-p) #'always))
        (should (equal text (explog-ref-describe id step)))))
    (cl-letf (((symbol-function 'char-displayable-p) #'ignore))
      (should (string-search "[X] 83d45cd" (explog-ref-describe "201" "1"))))
    (setq explog-cache--problems '("/log.org: it is a folder"))
    (should (equal "No log has experiment 999 · /log.org: it is a folder"
                   (explog-ref-describe "999")))))

(ert-deftest explog-ref-test-running ()
  "A reference says what runs for it, or for what is inside it."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201))
    (let* ((now (float-time))
           (explog-cache--runs `(("e201.1.2" ,(- now 151) "node7") ("e201.2" ,(- now 9067) "a\u202eb")
                                 ("e201.1" ,(- now 7) "node8") ("e2010.1" ,now "node9"))))
      (cl-letf (((symbol-function 'char-displayable-p) #'always)
                ((symbol-function 'float-time) (lambda (&rest _) now)))
        (pcase-dolist (`(,id ,step . ,text)
                       '(("201" "1.2" . "▶ 2:31 node7")
                         ("201" "1" . "▶ 2:31 node7 and 1 more")
                         ("201" "2" . "▶ 2:31:07 a<202E>b")
                         ("201" nil . "▶ 2:31 node7 and 2 more")
                         ("201" "3") ("20" nil)))
          (should (equal text (explog-ref-running id step))))
        (should (equal "ABC in \\[XYZ] · 2 no box 1234567 · ▶ 2:31:07 a<202E>b"
                       (explog-ref-describe "201" "2")))))))

(ert-deftest explog-ref-test-tooltip ()
  "The tooltip is shown as it is, whatever a title has in it."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201))
    (explog-ref-tests--with-text "[e201.1]"
      (let* ((overlay (car (overlays-at 1)))
             (text (funcall (overlay-get overlay 'help-echo) nil overlay 1)))
        (should (string-prefix-p "ABC in \\[XYZ] · 1 Test" text))
        (should (get-text-property 0 'help-echo-inhibit-substitution text))))))

(ert-deftest explog-ref-test-eldoc ()
  "Eldoc is told at once what is known, and later what was not."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201))
    (explog-ref-tests--with-text "[e201.1] x [e7]"
      (let (said)
        (goto-char (point-min))
        (run-hook-with-args-until-success 'eldoc-documentation-functions
                                          (lambda (text &rest _) (push text said)))
        (should (string-match-p "without ABC" (car said)))
        (goto-char 10)
        (setq said nil)
        (should-not (explog-ref-eldoc (lambda (text &rest _) (push text said))))
        (goto-char 13)
        (should (explog-ref-eldoc (lambda (text &rest _) (push text said))))
        (should-not said)
        (switch-to-buffer (current-buffer))
        (explog-ref-tests--learn "7" 'unknown)
        (should (equal '("No log has experiment 7") said))
        (explog-ref-tests--learn "7" 'unknown)
        (should (= 1 (length said)))))))

;;;; How it looks

(ert-deftest explog-ref-test-faces ()
  "What no log has looks otherwise, as soon as that is known, and no sooner."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201) ("9" . unknown) ("2e" . other))
    (explog-ref-tests--with-text "[e2e] [e201] [e201.1] [e201.4] [e9] [e7.1] [e7.1]"
      (should (equal '(("[e201]" explog-ref) ("[e201.1]" explog-ref)
                       ("[e201.4]" explog-ref-unknown) ("[e9]" explog-ref-unknown)
                       ("[e7.1]" explog-ref) ("[e7.1]" explog-ref))
                     (explog-ref-tests--buttons)))
      (should (member "7" asked))
      (explog-ref-tests--learn "7" 'unknown)
      (should (equal '(("[e7.1]" explog-ref-unknown) ("[e7.1]" explog-ref-unknown))
                     (last (explog-ref-tests--buttons) 2)))
      (explog-ref-tests--learn "9" (explog-test-experiment :ident "9" :title "Nine"))
      (should (equal '("[e9]" explog-ref) (nth 3 (explog-ref-tests--buttons)))))))

(ert-deftest explog-ref-test-what-is-looked-at-again ()
  "After a change it is what is in view, and what was not known."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201) ("9" . unknown))
    (explog-ref-tests--with-text "[e201] [e9] [e7]"
      (setq explog-cache--tick (1+ explog-cache--tick)
            asked nil)
      (run-hook-with-args 'explog-cache-changed-functions t)
      (should (equal '("7" "9") (sort (delete-dups asked) #'string<)))
      (save-window-excursion
        (set-window-buffer (selected-window) (current-buffer))
        (setq asked nil)
        (run-hook-with-args 'explog-cache-changed-functions t)
        (should (equal '("201" "7" "9") (sort (delete-dups asked) #'string<)))))))

(ert-deftest explog-ref-test-edits ()
  "A reference that is edited, deleted or typed has the button that fits."
  (explog-ref-tests--knowing nil
    (explog-ref-tests--with-text "[e201.1]"
      (goto-char 8)
      (insert "2")
      (explog-ref-tests--fontify)
      (should (equal '(("[e201.12]" explog-ref)) (explog-ref-tests--buttons)))
      (goto-char 2)
      (insert "x")
      (explog-ref-tests--fontify)
      (should-not (overlays-in (point-min) (point-max)))
      (erase-buffer)
      (insert "[e7][e8]")
      (explog-ref-tests--fontify)
      (delete-region 1 5)
      (should (equal '(("[e8]" explog-ref)) (explog-ref-tests--buttons))))))

(defconst explog-ref-tests--log "\
* TODO [201] ABC :exp:
See [e201.1] and (83d45cd)
** Experiments
1. [X] Test XYZ without ABC (83d45cd)
2. [ ] no commit is known (1234567)
* Nothing
(83d45cd)
* TODO [202] DEF :exp:
- (83d45cd)
"
  "A log with hashes.")

(ert-deftest explog-ref-test-hashes ()
  "A hash that is on a step is a button where its commit is known."
  (explog-ref-tests--knowing `(("202" . unknown))
    (explog-test-with-log explog-ref-tests--log
      (explog-ref-mode 1)
      (explog-ref-tests--fontify)
      (should (equal '(("[e201.1]" explog-ref)) (explog-ref-tests--buttons)))
      (explog-ref-tests--learn "201" explog-ref-tests--201)
      (should (equal '(("[e201.1]" explog-ref) ("83d45cd" explog-ref-hash)
                       ("83d45cd" explog-ref-hash))
                     (explog-ref-tests--buttons)))
      (goto-char (point-min))
      (search-forward "ABC (83")
      (let (visited)
        (cl-letf (((symbol-function 'explog-search-visit-commit)
                   (lambda (&rest args) (setq visited args))))
          (explog-ref-visit))
        (should (equal '("/repo" "83d45cd1128a8feda93af551ba099234fa52c48b") visited)))
      (should (string-match-p "83d45cd112 in /repo"
                              (explog-ref--describe
                               (get-char-property (point) 'explog-ref-target))))
      (search-forward "(123")
      (should-error (explog-ref-visit) :type 'user-error))))

(ert-deftest explog-ref-test-hashes-in-logs-alone ()
  "In other files a hash in parentheses is none."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201))
    (explog-test-in-folder
      (let ((explog-logs nil)
            (file (explog-test-write "other.org" explog-ref-tests--log)))
        (with-current-buffer (find-file-noselect file)
          (explog-ref-mode 1)
          (explog-ref-tests--fontify)
          (should (equal '(("[e201.1]" explog-ref)) (explog-ref-tests--buttons))))))))

;;;; Keys

(ert-deftest explog-ref-test-return ()
  "RET is a button's key only where it would do nothing."
  (explog-ref-tests--knowing nil
    (explog-ref-tests--with-text "[e201]"
      (goto-char 2)
      (should (eq (key-binding (kbd "C-c RET")) #'explog-ref-visit))
      (should (eq (lookup-key (get-char-property 2 'keymap) [mouse-2]) #'explog-ref-visit))
      (should-not (eq (key-binding (kbd "RET")) #'explog-ref-visit))
      (setq buffer-read-only t)
      (should (eq (key-binding (kbd "RET")) #'explog-ref-visit))
      (use-local-map (let ((map (make-sparse-keymap)))
                       (define-key map (kbd "RET") #'forward-line)
                       map))
      (should (eq (key-binding (kbd "RET")) #'forward-line))
      (use-local-map nil)
      (view-mode 1)
      (should-not (eq (key-binding (kbd "RET")) #'explog-ref-visit))
      (view-mode -1)
      (setq buffer-read-only nil))))

(ert-deftest explog-ref-test-visit ()
  "Visiting goes to the step at point, and says so where there is none."
  (let (visited)
    (cl-letf (((symbol-function 'explog-visit-goto)
               (lambda (&rest args) (setq visited args))))
      (with-temp-buffer
        (insert "x [e201.1]")
        (goto-char 5)
        (explog-ref-visit)
        (should (equal '("201" "1" nil) visited))
        (goto-char 1)
        (should-error (explog-ref-visit) :type 'user-error)))))

(ert-deftest explog-ref-test-keys-of-the-text ()
  "What keys do at the text, as in a section of magit, they do at a button too."
  (explog-ref-tests--knowing nil
    (let ((map (make-sparse-keymap)))
      (define-key map (kbd "x") #'ignore)
      (define-key map [remap forward-line] #'ignore)
      (explog-ref-tests--with-text (propertize "a [e201]" 'keymap map)
        (goto-char 4)
        (should (eq (key-binding "x") #'ignore))
        (should (eq (command-remapping #'forward-line) #'ignore))
        (should (eq (key-binding (kbd "C-c RET")) #'explog-ref-visit))))))

;;;; Xref

(ert-deftest explog-ref-test-xref-backend ()
  "The backend is there on a reference only, and hides no other."
  (explog-ref-tests--knowing nil
    (explog-ref-tests--with-text "a [e201.1] b"
      (goto-char 5)
      (should (eq 'explog (xref-find-backend)))
      (should (equal "e201.1" (xref-backend-identifier-at-point 'explog)))
      (goto-char 1)
      (should-not (eq 'explog (xref-find-backend)))
      (let ((own (lambda () 'own)))
        (add-hook 'xref-backend-functions own nil t)
        (should (eq 'own (xref-find-backend)))
        (goto-char 5)
        (should (eq 'explog (xref-find-backend)))
        (remove-hook 'xref-backend-functions own t)))))

(ert-deftest explog-ref-test-xref-definition ()
  "A definition is the step in its log, narrowed or not, saved or not."
  (explog-ref-tests--knowing nil
    (explog-test-with-log explog-test-log
      (goto-char (point-min))
      (insert "A line.\n")
      (narrow-to-region (point-min) (point))
      (cl-letf (((symbol-function 'explog-server-ready-p) #'ignore))
        (let* ((items (xref-backend-definitions 'explog "e201.2"))
               (marker (xref-location-marker (xref-item-location (car items)))))
          (should (= 1 (length items)))
          (should (eq (current-buffer) (marker-buffer marker)))
          (goto-char marker)
          (should (looking-at-p "2\\. \\[ ] Test XYZ with ABC")))
        (should-error (xref-backend-definitions 'explog "x") :type 'user-error)))))

;;;; On and off

(ert-deftest explog-ref-test-off ()
  "Nothing is left when the mode is turned off."
  (explog-ref-tests--knowing `(("201" . ,explog-ref-tests--201))
    (dolist (mode '(fundamental-mode special-mode text-mode emacs-lisp-mode org-mode))
      (with-temp-buffer
        (let ((inhibit-read-only t))
          (funcall mode)
          (insert "[e201.1] [e9] (83d45cd)\n")
          (let ((before (explog-ref-tests--vital)))
            (explog-ref-mode 1)
            (explog-ref-tests--fontify)
            (should (explog-ref-tests--buttons))
            (explog-ref-mode 1)
            (explog-ref-mode -1)
            (ert-info ((symbol-name mode) :prefix "Mode: ")
              (should (equal before (explog-ref-tests--vital))))))))))

(defun explog-ref-tests--vital ()
  "Return what counts of what the mode could leave."
  (list (mapcar (lambda (hook)
                  (cons hook (and (local-variable-p hook) (remq t (symbol-value hook)))))
                '(jit-lock-functions fontification-functions change-major-mode-hook
                  eldoc-documentation-functions xref-backend-functions
                  org-open-at-point-functions after-change-functions))
        jit-lock-mode
        (bound-and-true-p eldoc-mode)
        (overlays-in (point-min) (point-max))
        (seq-filter (lambda (interval) (nth 2 interval))
                    (object-intervals (current-buffer)))
        explog-cache-changed-functions
        explog-server-ready-hook))

(ert-deftest explog-ref-test-major-mode ()
  "Another major mode takes the buttons away."
  (explog-ref-tests--knowing nil
    (explog-ref-tests--with-text "[e201]"
      (text-mode)
      (should-not explog-ref-mode)
      (should-not (overlays-in (point-min) (point-max))))))

(ert-deftest explog-ref-test-global ()
  "The global mode is for all buffers that have text of their own."
  (let ((inhibit-message t))
    (unwind-protect
        (progn
          (global-explog-ref-mode 1)
          (explog-test-in-folder
            (with-current-buffer (find-file-noselect (explog-test-write "a.py" "# [e1]\n"))
              (should explog-ref-mode)
              (let ((clone (make-indirect-buffer (current-buffer) "clone" t)))
                (with-current-buffer clone
                  (explog-ref-mode 1)
                  (should explog-ref-mode))
                (kill-buffer clone))))
          (with-temp-buffer
            (org-mode)
            (should-not explog-ref-mode))
          (with-current-buffer (get-buffer-create "*training*")
            (compilation-mode)
            (should explog-ref-mode)
            (so-long-mode)
            (should-not explog-ref-mode)
            (kill-buffer)))
      (global-explog-ref-mode -1))
    (should-not (seq-some (lambda (buffer) (buffer-local-value 'explog-ref-mode buffer))
                          (buffer-list)))
    (should-not (memq #'explog-ref--changed explog-cache-changed-functions))))

(provide 'explog-ref-tests)
;;; explog-ref-tests.el ends here
